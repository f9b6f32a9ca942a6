"""What a server of a generated project writes."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.request import Request, urlopen

from cli_helpers import serving_project


def test_every_line_of_a_request_is_json_and_bears_its_id(mysite: Path) -> None:
    view = mysite / "apps/home/views.py"
    noisy = '    logging.getLogger("shop").info("one\\ntwo")\n    return render'
    view.write_text(
        view.read_text()
        .replace("    return render", noisy)
        .replace("from scaffold", "import logging\n\nfrom scaffold", 1)
    )
    with serving_project(mysite, "--no-reload", LOG_FORMAT="json") as serving:
        with urlopen(Request(serving.url, headers={"X-Request-ID": "mine"}), timeout=30) as answer:
            assert answer.headers["X-Request-ID"] == "mine"
        lines = [json.loads(serving.wait_for("mine")) for _ in range(2)]
        serving.stop()
    assert [(line["logger"], line["request_id"]) for line in lines] == [("shop", "mine"), ("scaffold.access", "mine")]
    assert (lines[0]["message"], lines[1]["route"]) == ("one\ntwo", "home:index")


def test_the_health_path_is_not_in_the_access_log(mysite: Path) -> None:
    with serving_project(mysite, "--no-reload") as serving:
        for path in ("up/", ""):
            with urlopen(serving.url + path, timeout=30) as answer:
                assert answer.status == 200
        serving.wait_for("GET     /  200")
        serving.stop()
    assert not [line for line in serving.lines if "/up/" in line]
