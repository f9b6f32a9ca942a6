"""What a developer is told about an error: `Report` is the data, the functions make pages and texts of it."""

from scaffold.debug.pages import error_application, report_response, report_text
from scaffold.debug.report import Report, error_files

__all__ = ["Report", "error_application", "error_files", "report_response", "report_text"]
