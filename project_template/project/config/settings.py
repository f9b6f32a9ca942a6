"""The project's settings. What differs between machines, secrets above all, comes from the environment or ``.env``."""

from scaffold import env

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])

# Apps from installed packages; the folders in apps/ are found by themselves.
INSTALLED_APPS: list[str] = []

# A request passes these from top to bottom, its response from bottom to top.
MIDDLEWARE = [
    "scaffold.middleware.hosts.validate_host",
    "scaffold.middleware.security.security_headers",
]
