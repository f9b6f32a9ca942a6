"""The project's settings. What differs between machines, secrets above all, comes from the environment or ``.env``."""

from scaffold import env

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])

# Apps from installed packages; the folders in apps/ are found by themselves.
INSTALLED_APPS: list[str] = []

# A request passes these from top to bottom, its response from bottom to top.
MIDDLEWARE = [
    "scaffold.middleware.request_ids.request_ids",
    "scaffold.middleware.health.health",
    "scaffold.middleware.security.security_headers",
    "scaffold.middleware.csp.content_security_policy",
    "scaffold.middleware.hosts.validate_host",
    "scaffold.middleware.https.https",
    "scaffold.middleware.cors.cors",
    "scaffold.middleware.sessions.sessions",
    "scaffold.middleware.csrf.protect",
]

# HTTPS, and the proxy that ends it: off until the environment says so.
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=False)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=0)
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])

# Pages load from this site alone; <script nonce="{{ csp_nonce() }}"> lets a script in a page run.
SECURE_CSP = {
    "default-src": ["'self'"],
    "script-src": ["'self'", "'nonce'"],
    "style-src": ["'self'", "'nonce'"],
    "img-src": ["'self'", "data:"],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
}

# Load balancers and containers ask here whether the site is well.
HEALTH_PATH = "/up/"

# In the cookie, or on a server that all machines reach: redis://localhost:6379/0
SESSION_STORE = env("SESSION_STORE", default="cookie")

LOG_LEVEL = env("LOG_LEVEL", default="INFO")
LOG_FORMAT = env("LOG_FORMAT", default="text")
