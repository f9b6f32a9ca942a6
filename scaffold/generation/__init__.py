"""Making projects and apps out of templates: names are checked, files planned, a plan written whole or not at all.

A `Plan` holds everything that would be written, so that a dry run and a real one can't differ.
"""

from __future__ import annotations

from scaffold.generation.names import AppName, ProjectName, app_name, project_name, url_prefix
from scaffold.generation.plans import Plan, plan_app, plan_project
from scaffold.generation.rendering import PlannedFile, template_folder
from scaffold.generation.writing import write

__all__ = [
    "AppName",
    "Plan",
    "PlannedFile",
    "ProjectName",
    "app_name",
    "plan_app",
    "plan_project",
    "project_name",
    "template_folder",
    "url_prefix",
    "write",
]
