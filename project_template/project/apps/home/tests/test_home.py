"""The home page."""

from scaffold import Application
from scaffold.testing import Client


def test_the_home_page_answers_at_the_root(app: Application, client: Client) -> None:
    response = client.get("/")

    assert response.status == 200
    assert "<h1>" in response.text
    assert app.url_for("home:index") == "/"
