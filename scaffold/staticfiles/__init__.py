"""Static files: found in the project's folder and each app's, collected for production, served; also whole folders."""

from scaffold.staticfiles.directory import DirectoryApplication
from scaffold.staticfiles.finding import safe_join
from scaffold.staticfiles.manifest import Manifest, read_manifest
from scaffold.staticfiles.serving import StaticFiles

__all__ = ["DirectoryApplication", "Manifest", "StaticFiles", "read_manifest", "safe_join"]
