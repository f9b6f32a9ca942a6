"""``scaffold routes --match`` and ``scaffold url``: from a URL to its route and back."""

from __future__ import annotations

import re

import pytest
from route_helpers import Invoke, make_site, view

from scaffold import Application, host, mount, path, redirect_to


def test_a_match_tells_the_route_its_segments_its_values_and_who_comes_behind(
    invoke: Invoke, site: Application
) -> None:
    outcome = invoke(site, "routes", "--match", "/blog/7/")
    assert outcome.status == 0
    lines = [line for line in outcome.out.splitlines() if ".py:" not in line]
    assert lines == [
        f"GET /blog/7/ leads to {view.__module__}.view",
        "  /blog/<int:id>/  GET,POST  blog:detail",
        '    + "blog"',
        '    + "7" is <int:id>',
        "      id = 7",
        "Others that have the path:",
        "  /blog/<slug:tag>/  GET  blog:tag",
        "      <int> is narrower than <slug>",
    ]


def test_a_text_comes_before_a_parameter_and_another_method_is_told(invoke: Invoke, site: Application) -> None:
    data = invoke(site, "routes", "--match", "/blog/new/", "--method", "put", "--json").data
    assert data["route"]["path"] == "/blog/new/"
    assert [item["reason"] for item in data["rivals"]] == ["it takes GET, HEAD, not PUT"]
    data = invoke(site, "routes", "--match", "/blog/new/", "--json").data
    assert data["route"]["name"] == "blog:tag"
    assert [item["reason"] for item in data["rivals"]] == ["it takes PUT, not GET"]
    site.route("/blog/all/", name="all")(view)
    data = invoke(site, "routes", "--match", "/blog/all/", "--json").data
    assert [item["reason"] for item in data["rivals"]] == ['the text "all" comes before <slug>']


def test_a_miss_shows_the_nearest_routes_segment_by_segment(invoke: Invoke, site: Application) -> None:
    outcome = invoke(site, "routes", "--match", "/blog/7.5/")
    assert outcome.status == 1
    assert outcome.out.startswith("GET /blog/7.5/ leads nowhere: 404 Not Found\nThe routes, the nearest first:\n")
    assert '    + "blog"\n    - "7.5" is no int\n' in outcome.out
    data = invoke(site, "routes", "--match", "/blog/7.5/", "--json").data
    assert (data["status"], data["route"]) == (404, None)
    first = data["tried"][0]
    assert first["reason"] == '"7.5" is no int'
    assert first["steps"] == [
        {"rule": "blog", "text": "blog", "fits": True, "reason": ""},
        {"rule": "<int:id>", "text": "7.5", "fits": False, "reason": '"7.5" is no int'},
    ]


def test_a_wrong_method_tells_what_is_allowed(invoke: Invoke, site: Application) -> None:
    outcome = invoke(site, "routes", "--match", "/archive/1/2", "--method", "DELETE")
    assert outcome.status == 1
    assert "405 Method Not Allowed, Allow: GET, HEAD, OPTIONS" in outcome.out
    assert "it takes GET, HEAD, not DELETE" in outcome.out
    options = invoke(site, "routes", "--match", "/archive/1/2", "--method", "OPTIONS", "--json")
    assert (options.status, options.data["status"]) == (0, 204)
    assert options.data["allow"] == ["GET", "HEAD", "OPTIONS"]


@pytest.mark.parametrize(
    ("url", "location", "reason"),
    [
        ("/blog/7?page=2", "/blog/7/?page=2", "the final slash is missing"),
        ("/archive/1/2.5/", "/archive/1/2.5", "the final slash is one too many"),
    ],
)
def test_a_redirect_for_the_final_slash_is_followed(
    invoke: Invoke, site: Application, url: str, location: str, reason: str
) -> None:
    outcome = invoke(site, "routes", "--match", url)
    assert outcome.status == 0
    assert outcome.out.splitlines()[0].endswith(f" is redirected to {location}: {reason}")
    data = invoke(site, "routes", "--match", url, "--json").data
    assert (data["status"], data["location"], data["then"]["path"]) == (308, location, location.partition("?")[0])
    assert data["then"]["route"] is not None


@pytest.mark.parametrize("url", ["http://localhost:8000/blog/a-b/?x=1#top", "/blog/a%2Db/", "HTTPS://h/blog/%61-b/"])
def test_whole_urls_and_encoded_paths_are_read(invoke: Invoke, site: Application, url: str) -> None:
    data = invoke(site, "routes", "--match", url, "--json").data
    assert (data["path"], data["params"]) == ("/blog/a-b/", {"tag": "a-b"})


def test_a_path_that_is_not_utf_8_is_a_400(invoke: Invoke, site: Application) -> None:
    outcome = invoke(site, "routes", "--match", "/blog/%ff/", "--json")
    assert (outcome.status, outcome.data["status"], outcome.data["path"]) == (1, 400, None)


def test_what_could_steer_the_terminal_is_escaped(invoke: Invoke, site: Application) -> None:
    assert "\x1b" not in invoke(site, "routes", "--match", "/blog/%1b[31m/").out


@pytest.fixture
def hosted() -> Application:
    app = Application({"DEBUG": True})
    patterns = [
        host("<slug:tenant>.example.org", [path("posts/<int(min=1):page>/", view, name="posts")]),
        path("posts/<slug:tag>/", view, name="tagged"),
        path("old/<slug:tag>/", redirect_to("tagged"), name="old"),
        path("away/", redirect_to("https://example.net/", status=302)),
        path("round/", redirect_to("/round/")),
        path("lost/", redirect_to("nowhere")),
        mount("legacy/", make_site()),
    ]
    for pattern in patterns:
        app._add_pattern(pattern)
    return app


def test_hosts_redirects_and_mounts_are_listed(invoke: Invoke, hosted: Application) -> None:
    lines = [re.sub(r"\s+", " ", line).strip() for line in invoke(hosted, "routes").out.splitlines()]
    assert any(line.startswith("//<slug:tenant>.example.org/posts/<int(min=1):page>/ GET posts") for line in lines)
    assert any(line.startswith("/old/<slug:tag>/ GET old redirect_to('tagged') ") for line in lines)
    assert any(line.startswith("/legacy/<path:rest> * - mount(") for line in lines)
    items = {item["path"]: item for item in invoke(hosted, "routes", "--json").data}
    assert {item["kind"] for item in items.values()} == {"view", "redirect", "mount"}
    posts = items["/posts/<int(min=1):page>/"]
    assert posts["host"] == "<slug:tenant>.example.org"
    assert posts["parameters"] == [
        {"name": "tenant", "converter": "slug"},
        {"name": "page", "converter": "int(min=1)"},
    ]
    assert [item["kind"] for item in invoke(hosted, "routes", "--json", "--method", "TRACE").data] == ["mount"]
    tree = invoke(hosted, "routes", "--tree").out
    assert "//<slug:tenant>.example.org/\n└─ posts/\n   └─ <int(min=1):page>/ " in tree
    assert "└─ <path:rest> " in tree


def test_a_match_asks_a_host(invoke: Invoke, hosted: Application) -> None:
    data = invoke(hosted, "routes", "--match", "http://a.example.org:8000/posts/7/", "--json").data
    assert (data["host"], data["route"]["name"]) == ("a.example.org", "posts")
    assert data["params"] == {"tenant": "a", "page": 7}
    assert data["steps"][0] == {
        "rule": "//<slug:tenant>.example.org",
        "text": "//a.example.org",
        "fits": True,
        "reason": "",
    }
    reason = "the routes of <slug:tenant>.example.org come before those of any host"
    assert [(item["name"], item["reason"]) for item in data["rivals"]] == [("tagged", reason)]
    data = invoke(hosted, "routes", "--match", "/posts/7/", "--host", "other.example", "--json").data
    assert data["route"]["name"] == "tagged"
    data = invoke(hosted, "routes", "--match", "/posts/x.y/", "--host", "other.example", "--json").data
    reasons = {item["name"]: item["reason"] for item in data["tried"]}
    assert reasons["posts"] == '"x.y" is no int(min=1); it is for the host <slug:tenant>.example.org'


def test_a_redirect_of_a_route_is_followed(invoke: Invoke, hosted: Application) -> None:
    data = invoke(hosted, "routes", "--match", "/old/a-b/?page=2", "--json").data
    assert (data["status"], data["location"]) == (301, "/posts/a-b/?page=2")
    assert (data["route"]["name"], data["then"]["route"]["name"]) == ("old", "tagged")
    away = invoke(hosted, "routes", "--match", "/away/", "--json")
    assert (away.status, away.data["status"], away.data["location"]) == (0, 302, "https://example.net/")
    assert away.data["then"] is None
    assert invoke(hosted, "routes", "--match", "/round/").out.count("GET /round/ is redirected to /round/") == 11
    lost = invoke(hosted, "routes", "--match", "/lost/")
    assert lost.status == 1
    assert lost.out.startswith("GET /lost/ can't be redirected: no route is named 'nowhere'")


def test_a_mount_takes_what_lies_below_it_with_any_method(invoke: Invoke, hosted: Application) -> None:
    for url in ("/legacy/", "/legacy/a/b"):
        data = invoke(hosted, "routes", "--match", url, "--method", "BREW", "--json").data
        assert (data["route"]["kind"], data["params"]) == ("mount", {"rest": url.removeprefix("/legacy/")})
        assert all(step["fits"] for step in data["steps"])


# --- url ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "url"),
    [
        (("home",), "/"),
        (("blog:detail", "id=7"), "/blog/7/"),
        (("archive", "year=2024", "part=1.50"), "/archive/2024/1.5"),
        (("blog:tag", "tag=a-b", "-q", "page=2", "-q", "q=a b&c", "--query", "page=3"), None),
        (("home", "--anchor", "to p"), "/#to%20p"),
        (("static", "path=home/a b.css"), "/static/home/a%20b.css"),
    ],
)
def test_url_prints_the_url_of_a_route(
    invoke: Invoke, site: Application, arguments: tuple[str, ...], url: str | None
) -> None:
    outcome = invoke(site, "url", *arguments)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out == f"{url or '/blog/a-b/?page=2&page=3&q=a+b%26c'}\n"


@pytest.mark.parametrize(
    ("arguments", "status", "cause", "hint"),
    [
        (("blog:detial", "id=7"), 1, "no route is named 'blog:detial'", "Did you mean 'blog:detail'?"),
        (("detail",), 1, "no route is named 'detail'", "Did you mean 'blog:detail'?"),
        (("blog:detail",), 1, "the URL of 'blog:detail' lacks 'id'", "Its route is /blog/<int:id>/"),
        (("blog:detail", "id=x"), 1, "'x' can't be 'id'", "a whole number is wanted"),
        (("blog:detail", "7"), 2, "'7' is not a parameter", "Write NAME=VALUE"),
        (("home", "-q", "page"), 2, "'page' is not a part of the query", "Write NAME=VALUE"),
        (("blog:detail", "id=7", "id=8"), 2, "a parameter is given twice", "Give each parameter once."),
        (("home", "_query=7"), 2, "'_query' is no parameter", "Write -q NAME=VALUE"),
    ],
)
def test_url_says_what_is_wrong_and_what_is_near(
    invoke: Invoke, site: Application, arguments: tuple[str, ...], status: int, cause: str, hint: str
) -> None:
    outcome = invoke(site, "url", *arguments)
    assert (outcome.status, outcome.out) == (status, "")
    assert outcome.err.startswith(f"error: {cause}")
    assert hint in outcome.err


def test_a_url_as_the_routes_of_a_host_are_listed_is_taken(invoke: Invoke, hosted: Application) -> None:
    assert invoke(hosted, "routes", "--match", "//ada.example.org/posts/7/", "--json").data["host"] == "ada.example.org"


def test_an_empty_url_is_refused_and_not_the_whole_list(invoke: Invoke, site: Application) -> None:
    assert invoke(site, "routes", "--match", "").status == 2


def test_the_path_of_the_health_check_is_told(invoke: Invoke) -> None:
    app = Application({"HEALTH_PATH": "/up/"})
    assert "the health check answers there" in invoke(app, "routes", "--match", "/up/").err


def test_a_text_beyond_the_bounds_of_a_converter_is_told_with_them(invoke: Invoke) -> None:
    app = Application({})
    app.route("/page/<int(min=1,max=99):number>/")(view)
    assert '"100" is no int(max=99,min=1)' in invoke(app, "routes", "--match", "/page/100/").out
