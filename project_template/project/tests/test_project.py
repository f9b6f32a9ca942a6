"""What holds for the whole project, whatever its apps."""

from scaffold import Application
from scaffold.checks import run_checks
from scaffold.testing import Client

# Pages that need more than their address, such as a query, or that never end, such as a stream of events.
SKIPPED: set[str] = set()


def test_check_finds_no_error(app: Application) -> None:
    assert [finding for finding in run_checks(app) if finding.level == "error"] == []


def test_every_page_without_parameters_answers(app: Application, client: Client) -> None:
    pages = [route.path for route in app.routes if "GET" in route.methods and not route.parameters]
    statuses = {page: client.get(page).status for page in pages if page not in SKIPPED}

    assert {page: status for page, status in statuses.items() if status >= 400} == {}


def test_an_unknown_url_is_not_found(client: Client) -> None:
    assert client.get("/no/such/page/").status == 404
