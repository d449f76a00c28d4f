import pytest

from tests.data_sets import data_folder


def test_data_folder_named_but_unreadable_fails(monkeypatch, tmp_path):
    monkeypatch.setenv("TEINEI_DATA", str(tmp_path / "missing"))
    with pytest.raises(pytest.fail.Exception, match="not a readable folder"):
        data_folder()


def test_data_folder_named_is_taken(monkeypatch, tmp_path):
    monkeypatch.setenv("TEINEI_DATA", str(tmp_path))
    assert data_folder() == tmp_path
