"""examples/search.py: what is built is found."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

EXAMPLE = Path(__file__).with_name("search.py")


@pytest.fixture(scope="module")
def example() -> SimpleNamespace:
    return SimpleNamespace(**runpy.run_path(str(EXAMPLE)))


@pytest.fixture(scope="module")
def corpus(example: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("search") / "corpus.npy"
    assert example.main(["build", str(path), "--rows", "3000"]) == 0
    return path


def test_the_nearest_is_what_a_search_by_hand_finds(example, corpus) -> None:
    questions = ["a cheap room by the sea", "haunted castle on an island with two dogs"]
    rows = np.load(corpus)
    lines = corpus.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    for question, found in zip(questions, example.ask(corpus, questions, 4), strict=True):
        query = example.embed(question)
        cosines = rows @ query / np.linalg.norm(rows, axis=1) / np.linalg.norm(query)
        assert [text for _, text in found] == [lines[row] for row in np.argsort(-cosines, kind="stable")[:4]]
        np.testing.assert_allclose([score for score, _ in found], np.sort(cosines)[::-1][:4], atol=1e-6)


def test_a_person_sees_the_nearest(example, corpus, capsys) -> None:
    assert example.main(["ask", str(corpus), "a tiny boat by a lake with a piano for a painter", "-k", "1"]) == 0
    shown = capsys.readouterr().out
    assert "boat" in shown
    assert "searched in" in shown


def test_more_than_there_is_gives_all(example, tmp_path) -> None:
    path = tmp_path / "two.npy"
    example.build(path, iter(["one thing", "another"]), 2)
    assert [text for _, text in example.ask(path, ["thing"], 9)[0]] == ["one thing", "another"]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["two.npy", "two.txt"]


def test_no_file_says_what_to_do(example, tmp_path) -> None:
    with pytest.raises(SystemExit, match="`build` makes one"):
        example.main(["ask", str(tmp_path / "gone.npy"), "x"])
