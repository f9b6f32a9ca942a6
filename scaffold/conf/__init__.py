"""Settings: a plain Python module, read once into a frozen, typed `Settings` whose values know where they came from."""

from scaffold.conf.callables import load_context_processors, load_error_handlers, load_filters
from scaffold.conf.env import MISSING, Env, debug_variable, env, env_file_for, read_env_file
from scaffold.conf.loading import SETTINGS_FILE, find_project, import_object, load_settings
from scaffold.conf.settings import Origin, Settings, known_settings

__all__ = [
    "MISSING",
    "SETTINGS_FILE",
    "Env",
    "Origin",
    "Settings",
    "debug_variable",
    "env",
    "env_file_for",
    "find_project",
    "import_object",
    "known_settings",
    "load_context_processors",
    "load_error_handlers",
    "load_filters",
    "load_settings",
    "read_env_file",
]
