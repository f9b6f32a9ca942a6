"""Protection against forged requests (CSRF): another site can't make a visitor's browser post to this one."""

from scaffold.middleware.csrf.exemptions import csrf_exempt, exemption
from scaffold.middleware.csrf.protection import CSRFError, protect
from scaffold.middleware.csrf.tokens import csrf_field, csrf_token, rotate_token

__all__ = ["CSRFError", "csrf_exempt", "csrf_field", "csrf_token", "exemption", "protect", "rotate_token"]
