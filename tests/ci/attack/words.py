"""Mutations of evidence: forged, copied, damaged, of another time, machine or plan."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from ci import evidence
from tests.ci.attack.release import Release, mutation, replace

UNUSABLE = "{name}.size.json: not usable as evidence: "


def rewrite(path: Path, change: Callable[[str], str]) -> None:
    old = path.read_text(encoding="utf-8")
    new = change(old)
    assert new != old
    replace(path, new.encode())


@mutation("evidence", "{name}: size: evidence of other bytes")
def evidence_of_other_bytes(release: Release) -> None:
    release.edit(release.word(), sha256="0" * 64)


@mutation("evidence", "{name}: size: evidence of another artifact")
def evidence_copied_from_another_artifact(release: Release) -> None:
    """Its name changed, its hash left: everything else is as a verb wrote it."""
    other = release.other()
    said = json.loads((release.dist / "evidence" / f"{other.filename}.size.json").read_text(encoding="utf-8"))
    replace(release.word(), json.dumps(said | {"artifact": release.target.filename}).encode())


@mutation("evidence", "{name}.size.json: not usable as evidence: its contents belong in {other}.size.json")
def evidence_copied_as_it_is(release: Release) -> None:
    data = (release.dist / "evidence" / f"{release.other().filename}.size.json").read_bytes()
    replace(release.word(), data)


@mutation("evidence", "{name}.size.json: not usable as evidence: its contents belong in {name}.abi.json")
def evidence_of_another_check(release: Release) -> None:
    replace(release.word(), release.word("abi").read_bytes())


@mutation("evidence", "{name}: size: failed: too large")
def a_check_that_failed(release: Release) -> None:
    release.edit(release.word(), verdict="fail", detail={"message": "too large"})


def verdict(word: object) -> Callable[[Release], None]:
    def change(release: Release) -> None:
        release.edit(release.word(), verdict=word)

    return change


for label, said in {
    "capitals": "PASS",
    "passed": "passed",
    "true": True,
    "one": 1,
    "none": None,
    "a_list": ["pass"],
    "a_space": " pass",
    "a_line_end": "pass\n",
    "a_cyrillic_letter": "p\u0430ss",
    "a_full_width_letter": "\uff50ass",
    "a_zero_width_space": "pass\u200b",
    "a_soft_hyphen": "pa\u00adss",
    "nothing": "",
    "ok": "ok",
}.items():
    change_ = verdict(said)
    change_.__name__ = f"the_verdict_with_{label}"
    mutation("evidence", UNUSABLE + f"verdict {said!r} is neither pass nor fail".replace("{", "{{"))(change_)


for label, number in {"1": 1, "3": 3, "2_as_text": "2", "2_as_a_fraction": 2.0, "true": True, "none": None}.items():

    def format_(release: Release, number: object = number) -> None:
        release.edit(release.word(), format=number)

    format_.__name__ = f"the_format_{label}"
    mutation("evidence", UNUSABLE + f"not evidence of format 2, which this gate reads, but of {number!r} |")(format_)


@mutation("evidence", UNUSABLE + "the key 'verdict' twice")
def a_key_twice(release: Release) -> None:
    """Python takes the last, other programs the first."""
    rewrite(release.word(), lambda text: text.rstrip()[:-1] + ', "verdict": "pass"}')


@mutation("evidence", UNUSABLE + "keys of another format: signed")
def a_key_more(release: Release) -> None:
    release.edit(release.word(), signed=True)


@mutation("evidence", UNUSABLE + "keys of another format: host")
def a_key_less(release: Release) -> None:
    rewrite(release.word(), lambda text: json.dumps({key: value for key, value in json.loads(text).items() if key != "host"}))


@mutation("evidence", UNUSABLE + "Expecting ',' delimiter")
def evidence_cut_off(release: Release) -> None:
    rewrite(release.word(), lambda text: text[: text.index('"check"') - 3])


@mutation("evidence", UNUSABLE + "Extra data")
def evidence_with_more_behind_it(release: Release) -> None:
    rewrite(release.word(), lambda text: text + "{}")


@mutation("evidence", UNUSABLE + "Expecting value: line 1 column 1 (char 0)")
def empty_evidence(release: Release) -> None:
    replace(release.word(), b"")


@mutation("evidence", UNUSABLE + "'utf-8' codec can't decode")
def evidence_that_is_not_utf_8(release: Release) -> None:
    replace(release.word(), release.word().read_bytes().replace(b"a tool", b"a t\xf6\xf6l"))


@mutation("evidence", UNUSABLE + "Unexpected UTF-8 BOM")
def evidence_with_a_byte_order_mark(release: Release) -> None:
    replace(release.word(), b"\xef\xbb\xbf" + release.word().read_bytes())


@mutation("evidence", UNUSABLE + "NaN is no JSON")
def a_number_that_is_none(release: Release) -> None:
    rewrite(release.word(), lambda text: text.replace('"detail": {', '"detail": {"x": NaN').replace("NaN}", "NaN }"))


@mutation("evidence", UNUSABLE + "nested too deeply")
def deep_evidence(release: Release) -> None:
    replace(release.word(), b"[" * 200_000)


@mutation("evidence", UNUSABLE + "larger than 1,048,576 bytes")
def large_evidence(release: Release) -> None:
    release.edit(release.word(), detail={"x": "x" * 1_100_000})


@mutation("evidence", UNUSABLE + "not a plain file | the file that a verb of python -m ci wrote")
def evidence_that_is_a_link(release: Release) -> None:
    aside = release.dist.parent / "aside.json"
    replace(aside, release.word().read_bytes())
    release.word().unlink()
    release.word().symlink_to(aside)


@mutation("evidence", "{name}.abi.json: not usable as evidence: not a plain file")
def evidence_that_is_a_pipe(release: Release) -> None:
    """Whoever opens it waits for ever."""
    release.word("abi").unlink()
    os.mkfifo(release.word("abi"))


@mutation("evidence", UNUSABLE + "a value of the wrong type: detail")
def a_detail_that_is_none(release: Release) -> None:
    release.edit(release.word(), detail=None)


@mutation("evidence", UNUSABLE + "a value of the wrong type: subject")
def an_empty_subject(release: Release) -> None:
    release.edit(release.word(), subject="")


@mutation("evidence", UNUSABLE + "'SHA256:")
def another_spelling_of_the_hash(release: Release) -> None:
    digest = evidence.sha256(release.path)
    release.edit(release.word(), sha256=f"SHA256:{digest}")


@mutation("evidence", UNUSABLE + "host 'Native' is none of native, emulated, static")
def another_spelling_of_the_host(release: Release) -> None:
    release.edit(release.word(), host="Native")


@mutation("evidence", UNUSABLE + "finished 'tomorrow', which is no time in UTC")
def a_time_that_is_none(release: Release) -> None:
    release.edit(release.word(), finished="tomorrow")


@mutation("evidence", UNUSABLE + "finished '2026-11-21T11:00:00', which")
def a_time_without_a_zone(release: Release) -> None:
    release.edit(release.word(), finished="2026-11-21T11:00:00")


@mutation("evidence", UNUSABLE + "finished '2026-11-21T11:00:00+05:00', which")
def a_time_of_another_zone(release: Release) -> None:
    release.edit(release.word(), finished="2026-11-21T11:00:00+05:00")


@mutation("evidence", "{name}: size: evidence from the future")
def a_time_to_come(release: Release) -> None:
    release.edit(release.word(), finished="2026-11-21T12:30:00+00:00")


@mutation("evidence", "{name}: size: evidence from before the build")
def a_time_before_the_build(release: Release) -> None:
    release.edit(release.word(), finished="2026-11-21T10:00:00+00:00")


@mutation("evidence", "{name}: size: made on a host that does not count")
def a_file_check_that_ran_somewhere(release: Release) -> None:
    release.edit(release.word(), host="native")


@mutation("evidence", "made on a host that does not count | native | emulated")
def an_emulated_test(release: Release) -> None:
    release.edit(release.tested(), host="emulated", machine="aarch64 linux")


@mutation("evidence", "made on a host that does not count | native | static")
def a_test_that_ran_nowhere(release: Release) -> None:
    release.edit(release.tested(), host="static")


@mutation("evidence", "said to be native on a machine that cannot be | a machine of x86_64-unknown-linux-gnu | aarch64 darwin")
def a_native_test_on_another_system(release: Release) -> None:
    release.edit(release.tested(), machine="aarch64 darwin")


@mutation("evidence", "said to be native on a machine that cannot be | a machine of x86_64-unknown-linux-gnu | aarch64 linux")
def a_native_test_on_another_processor(release: Release) -> None:
    release.edit(release.tested(), machine="aarch64 linux")


@mutation("evidence", "said to be native on a machine that cannot be | a machine of x86_64-unknown-linux-gnu |  |")
def a_native_test_on_no_machine(release: Release) -> None:
    release.edit(release.tested(), machine="")


@mutation("evidence", "{name}: size: no evidence | a passing check | none")
def evidence_that_is_missing(release: Release) -> None:
    release.word().unlink()


@mutation("evidence", "{name}: build: no evidence")
def a_build_that_is_missing(release: Release) -> None:
    release.word("build").unlink()


@mutation("evidence", "{name}: tests on {abi}: no evidence")
def a_test_that_is_missing(release: Release) -> None:
    release.tested().unlink()


@mutation("evidence", "{name}.charm.json: evidence that nobody asks for")
def evidence_of_a_check_that_is_none(release: Release) -> None:
    replace(release.word("charm"), release.word().read_bytes().replace(b'"size"', b'"charm"'))


@mutation("evidence", "{name}.tests.cp311.json: evidence that nobody asks for")
def evidence_of_an_interpreter_that_is_not_served(release: Release) -> None:
    name = release.target.tested_on[0].name.encode()
    replace(release.word("tests", "cp311"), release.tested().read_bytes().replace(b'"' + name + b'"', b'"cp311"'))


@mutation("evidence", "{name}.SIZE.json: not usable as evidence: its contents belong in")
def evidence_with_another_spelling(release: Release) -> None:
    replace(release.word("SIZE"), release.word().read_bytes())


@mutation("evidence", "{name}: size: evidence without a tool")
def evidence_without_a_tool(release: Release) -> None:
    release.edit(release.word(), version="")


def detail(release: Release, path: Path, **values: object) -> None:
    old = json.loads(path.read_text(encoding="utf-8"))["detail"]
    release.edit(path, detail=old | values)


@mutation("evidence", "passes, and yet: tests failed | 0 | 1 |")
def tests_that_failed_and_passed(release: Release) -> None:
    detail(release, release.tested(), failures=1)


@mutation("evidence", "passes, and yet: tests broke | 0 | 2 |")
def tests_that_broke_and_passed(release: Release) -> None:
    detail(release, release.tested(), errors=2)


@mutation("evidence", "passes, and yet no test passed | a number of tests | 0")
def no_test_that_passed(release: Release) -> None:
    detail(release, release.tested(), passed=0)


@mutation("evidence", "passes, and yet no test passed | a number of tests | True")
def a_truth_of_tests_that_passed(release: Release) -> None:
    detail(release, release.tested(), passed=True)


@mutation("evidence", "passes, and yet: another ABI was imported | {abi} | cp27mu")
def an_import_of_another_abi(release: Release) -> None:
    detail(release, release.tested("import"), build_info={"abi": "cp27mu", "target": "x86_64-unknown-linux-gnu"})


@mutation("evidence", "passes, and yet: code for another target was imported")
def an_import_of_another_target(release: Release) -> None:
    detail(
        release,
        release.tested("import"),
        build_info={"abi": release.target.label.split("-")[1], "target": "aarch64-apple-darwin"},
    )


@mutation("evidence", "{name}: build: passes, and yet: built in another lane")
def a_build_of_another_lane(release: Release) -> None:
    detail(release, release.word("build"), lane="fast")


@mutation("evidence", "{name}: build: passes, and yet: built from another lock file")
def a_build_of_another_lock_file(release: Release) -> None:
    detail(release, release.word("build"), lock="/tmp/Cargo.lock")


@mutation("evidence", "{name}: build: passes, and yet: built with other features")
def a_build_with_other_features(release: Release) -> None:
    detail(release, release.word("build"), features=["unchecked"])


@mutation("evidence", "{name}: build: passes, and yet: built for another target")
def a_build_for_another_target(release: Release) -> None:
    detail(release, release.word("build"), target="x86_64-unknown-linux-musl")


@mutation("evidence", "{name}: build: passes, and yet: built with another version of the tool")
def a_build_with_another_tool(release: Release) -> None:
    release.edit(release.word("build"), version="0.0.1")


@mutation("evidence", "built from more than one commit")
def a_build_of_another_commit(release: Release) -> None:
    detail(release, release.word("build"), commit="f" * 40)


@mutation("evidence", "[lane] of ci/matrix.toml is not what evidence was made under | sha256")
def evidence_of_another_plan(release: Release) -> None:
    plan = json.loads(release.word().read_text(encoding="utf-8"))["plan"]
    release.edit(release.word(), plan=plan | {"lane": "0" * 64})


@mutation("evidence", "{name}.size.json the first: none")
def evidence_of_no_plan(release: Release) -> None:
    release.edit(release.word(), plan={})
