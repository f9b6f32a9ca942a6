"""The references in style sheets and scripts: which there are, where they lead, and how they are written anew."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold.staticfiles.css import css_references
from scaffold.staticfiles.javascript import javascript_references
from scaffold.staticfiles.references import Reference, replaced, target_of
from scaffold.staticfiles.rewriting import Rewriting, hashed_name, rewrite

CSS = [
    ("a{background:url(x.png)}", ["x.png"]),
    ("a{background:URL(  x.png\n)}", ["x.png"]),
    ("a{background:url('x.png')}", ["x.png"]),
    ('a{background:url( "x.png" )}', ["x.png"]),
    ("a{background:url(x.png),url(y.png)}", ["x.png", "y.png"]),
    ("@font-face{src:url(f.eot?#iefix) format('embedded-opentype'),url(f.svg#f)}", ["f.eot?#iefix", "f.svg#f"]),
    ('@import "a.css";', ["a.css"]),
    ("@import 'a.css' layer(base) screen;", ["a.css"]),
    ("@IMPORT/* first */'a.css';@import url(b.css);", ["a.css", "b.css"]),
    ('a{background:image-set("x.png" 1x, url(y.png) 2x, "z.avif" type("image/avif"))}', ["x.png", "y.png", "z.avif"]),
    ("a{background:-webkit-image-set(url(x.png) 1x)}", ["x.png"]),
    (r"a{background:url(a\ b.png)}", ["a b.png"]),
    (r'a{background:url("\78 .png")}', ["x.png"]),
    ("/* url(no.png) @import 'no.css' */", []),
    ("a{content:'url(no.png)' \"@import 'no.css'\"}", []),
    (r"a{content:'\'url(no.png)'}", []),
    ("a{content:'not closed\n;b:url(x.png)}", ["x.png"]),
    ("a{b:my-url(no.png);c:#url(no.png);d:url-x(no.png)}", []),
    ("a{b:url(no no.png)}", []),
    ("@namespace url(no);@namespace svg 'no';", []),
    ("@charset 'no';@layer x;a::after{content:counter('no')}", []),
    ("a{b:format('no')}", []),
    ("a{}/*# sourceMappingURL=a.css.map */", ["a.css.map"]),
    ("a{b:url(", []),
    ("/* never closed url(no.png)", []),
]


@pytest.mark.parametrize(("text", "urls"), CSS)
def test_the_references_of_a_style_sheet_are_found(text: str, urls: list[str]) -> None:
    assert [item.url for item in css_references(text) if item.url] == urls


SCRIPTS = [
    ("import './a.js'", ["./a.js"]),
    ('import a from "./a.js";import b,{c as d,default as e}from"./b.js"', ["./a.js", "./b.js"]),
    ("import * as a from './a.js'\nexport * from './b.js'", ["./a.js", "./b.js"]),
    ("export {x as 'y z', w} from './a.js' with {type: 'json'}", ["./a.js"]),
    ("import a /* from 'no' */ from // 'no'\n './a.js'", ["./a.js"]),
    ("const m = await import('./a.js')", ["./a.js"]),
    ("import(/* webpackIgnore: true */ `./a.js`).then(f)", ["./a.js"]),
    ("import('./a.json', {with: {type: 'json'}})", ["./a.json"]),
    ("new URL('x.png', import.meta.url)", ["x.png"]),
    ("new Worker(new URL('./w.js', import.meta.url), {type: 'module'})", ["./w.js"]),
    ("`${import('./a.js')} ${`${import('./b.js')}`}`", ["./a.js", "./b.js"]),
    ("let a = {b: 1}; let c = `${{d: 1}.d} import('no')`; import('./a.js')", ["./a.js"]),
    ("if (x) /['\"`]/.test(y); import('./a.js')", ["./a.js"]),
    ("a = b / c; import('./a.js'); d = e / f", ["./a.js"]),
    ("a = (b) / c; import('./a.js') /d", ["./a.js"]),
    ("return /[/'\"]/g; import './a.js'", ["./a.js"]),
    ("function f() {}\n/'/.test(x); import './a.js'", ["./a.js"]),
    ("a = b.return / 2; c = '/'; import './a.js'", ["./a.js"]),
    ("f(x => /`/, i++ / 2, '/'); import './a.js'", ["./a.js"]),
    ("#!/usr/bin/env it's\nimport './a.js'", ["./a.js"]),
    ("x\n//# sourceMappingURL=x.js.map", ["x.js.map"]),
    ("const s = \"import './no.js'\", t = `import './no.js'`, u = /import '.\\/no.js'/", []),
    ("// import './no.js'\n/* from './no.js' */", []),
    ("import('./no' + x); import(`./${x}.js`); import(x)", []),
    ("a.import('./no.js'); a?.import('./no.js'); Array.from('./no.js'); ({from: './no.js'})", []),
    ("const from = './no.js'; from\n'./no.js'", []),
    ("new URL('./no.png', base); new URL('./no.png'); URL('./no.png', import.meta.url)", []),
    ("import.meta.url; 'no'", []),
    (r"import '\x2e/no.js'", []),
    ("'never closed\nimport './a.js'", ["./a.js"]),
    ("`never closed import './no.js'", []),
]


@pytest.mark.parametrize(("text", "urls"), SCRIPTS)
def test_the_references_of_a_script_are_found(text: str, urls: list[str]) -> None:
    assert [item.url for item in javascript_references(text)] == urls


@pytest.mark.parametrize(
    ("url", "kind", "target"),
    [
        ("x.png", "file", "css/x.png"),
        ("./x.png", "file", "css/x.png"),
        ("../img/x.png", "file", "img/x.png"),
        ("../../static/img/x.png", "file", "img/x.png"),
        ("/static/img/x.png?v=1#a", "file", "img/x.png"),
        ("a%20b.png", "file", "css/a b.png"),
        ("x.png?#iefix", "file", "css/x.png"),
        ("../../media/x.png", "file", None),
        ("../../../../x.png", "file", None),
        ("/media/x.png", "file", None),
        ("//cdn.example/x.png", "file", None),
        ("https://cdn.example/x.png", "file", None),
        ("data:image/png;base64,AA==", "file", None),
        ("#marker", "file", None),
        ("?x", "file", None),
        ("", "file", None),
        ("fonts/", "file", None),
        ("/static/", "file", None),
        ("..\\x.png", "file", None),
        ("lodash", "module", None),
        ("./a.js", "module", "css/a.js"),
        ("/static/a.js", "module", "a.js"),
    ],
)
def test_a_reference_leads_to_a_static_file_or_elsewhere(url: str, kind: str, target: str | None) -> None:
    assert target_of(Reference(0, 0, url, kind), "css/site.css", "/static/") == target  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "raw", "text"),
    [
        ("x.png", "x.png", "x.1.png"),
        ("../i/x.png?v=1#a", "../i/x.png?v=1#a", "../i/x.1.png?v=1#a"),
        ("a b/x.png", r"a\ b/x.png", "a%20b/x.1.png"),
        ("x.png?a'b", r"x.png?a\'b", "x.1.png?a%27b"),
    ],
)
def test_only_the_name_in_a_reference_is_replaced(url: str, raw: str, text: str) -> None:
    assert replaced(Reference(0, 0, url), raw, "somewhere/x.1.png") == text


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("css/site.css", "css/site.0123456789ab.css"),
        ("LICENSE", "LICENSE.0123456789ab"),
        ("a.b.js", "a.b.0123456789ab.js"),
    ],
)
def test_the_hash_stands_before_the_last_ending(path: str, name: str) -> None:
    assert hashed_name(path, "0123456789abcdef") == name


# --- several files ---------------------------------------------------------------------------------------------------


def rewritten(folder: Path, files: Mapping[str, str | bytes]) -> Rewriting:
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return rewrite({path: folder / path for path in files}, "/static/")


def test_a_change_of_a_file_changes_the_names_of_all_that_lead_to_it(tmp_path: Path) -> None:
    files = {"a.css": "@import 'b.css';", "b.css": "b{c:url(i/x.png?v)}", "i/x.png": "1", "other.css": "a{}"}
    first = rewritten(tmp_path, files)
    second = rewritten(tmp_path, {**files, "i/x.png": "2"})
    assert {path for path in files if first.names[path] != second.names[path]} == {"a.css", "b.css", "i/x.png"}
    assert first.contents["b.css"].decode() == f"b{{c:url({first.names['i/x.png']}?v)}}"
    assert first.contents["a.css"].decode() == f"@import '{first.names['b.css']}';"


def test_scripts_that_import_each_other_get_names_that_change_together(tmp_path: Path) -> None:
    files = {
        "a.js": "import './b.js'; export const a = 1",
        "b.js": "import './c.js'",
        "c.js": "import './a.js'; import './leaf.js'",
        "self.js": "import './self.js'",
        "leaf.js": "export {}",
        "user.js": "import './a.js'",
    }
    first = rewritten(tmp_path, files)
    assert first.contents["a.js"].decode() == f"import './{first.names['b.js']}'; export const a = 1"
    assert first.contents["self.js"].decode() == f"import './{first.names['self.js']}'"
    second = rewritten(tmp_path, {**files, "c.js": files["c.js"] + ";"})
    assert {path for path in files if first.names[path] != second.names[path]} == {"a.js", "b.js", "c.js", "user.js"}
    third = rewritten(tmp_path, {**files, "leaf.js": "export {};"})
    changed = {path for path in files if first.names[path] != third.names[path]}
    assert changed == {"a.js", "b.js", "c.js", "user.js", "leaf.js"}
    assert rewritten(tmp_path, files).names == first.names


def test_a_chain_of_imports_may_be_longer_than_pythons_stack(tmp_path: Path) -> None:
    files = {f"{number}.js": f"import './{number + 1}.js'" for number in range(1500)}
    assert len(rewritten(tmp_path, {**files, "1500.js": ""}).contents) == 1501


def test_a_missing_target_is_a_fault_with_its_place_and_a_missing_source_map_a_warning(tmp_path: Path) -> None:
    files = {
        "css/a.css": "a{}\nb{c:url(../img/x.pmg)}\n/*# sourceMappingURL=a.css.map */",
        "img/x.png": "",
        "m.js": "\nimport './n.js'",
    }
    found = rewritten(tmp_path, files)
    assert [fault.source for fault in found.faults] == [f"{tmp_path}/css/a.css:2", f"{tmp_path}/m.js:2"]
    assert found.faults[0].message == "'../img/x.pmg' leads to 'img/x.pmg', which is no static file"
    assert found.faults[0].hint == "Did you mean 'img/x.png'?"
    assert [item.source for item in found.warnings] == [f"{tmp_path}/css/a.css:3"]
    assert found.contents["m.js"] == files["m.js"].encode()


def test_bytes_that_are_no_utf_8_and_line_ends_come_through(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf/* \xff\xfe */\r\na{b:url(x.png)}\r\n"
    found = rewritten(tmp_path, {"a.css": content, "x.png": "1"})
    assert found.contents["a.css"] == content.replace(b"x.png", found.names["x.png"].encode())


# --- any text --------------------------------------------------------------------------------------------------------

_PIECES = st.sampled_from(
    [
        *"'\"`/\\(){}[];,.#@*$\n\r\f ",
        *("url(", "@import ", "import", "import(", "from", "export", "new URL(", "import.meta.url", "${", "/*", "*/"),
        *("//", "./x.js", "x.png", "sourceMappingURL=", "//# ", "image-set(", "return", "if(", "=>", "\\75", "a", "1"),
    ]
)
TEXTS = st.one_of(
    st.text(),
    st.lists(_PIECES, max_size=60).map("".join),
    st.binary().map(lambda data: data.decode("utf-8", "surrogateescape")),
)


@pytest.mark.parametrize("scan", [css_references, javascript_references])
@settings(max_examples=200, deadline=None)
@given(text=TEXTS)
def test_the_references_of_any_text_are_parts_of_it_that_do_not_overlap(scan: object, text: str) -> None:
    found = sorted(scan(text), key=lambda item: item.start)  # type: ignore[operator]
    position = 0
    for reference in found:
        assert position <= reference.start <= reference.end <= len(text)
        position = reference.end
        if "\\" not in text[reference.start : reference.end]:
            assert reference.url == text[reference.start : reference.end]


@settings(max_examples=100, deadline=None)
@given(text=TEXTS)
def test_nothing_but_the_reference_is_changed(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("any")
    content = text.encode("utf-8", "surrogateescape" if _is_escaped(text) else "replace")
    for ending in ("css", "js"):
        found = rewritten(folder, {f"a.{ending}": content, "x.png": "1", "i/x.png": "2", "x.js": "3"})
        result = found.contents[f"a.{ending}"]
        for path in ("x.png", "i/x.png", "x.js"):
            plain, hashed = path.rpartition("/")[2], found.names[path].rpartition("/")[2]
            result = result.replace(hashed.encode(), plain.encode())
        if b"\\" not in content:  # else escapes may have been written another way
            assert result == content


def _is_escaped(text: str) -> bool:
    return all(not "\ud800" <= char <= "\udfff" or "\udc80" <= char <= "\udcff" for char in text)
