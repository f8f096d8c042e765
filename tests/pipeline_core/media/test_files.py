import os

import pytest
from talking_avatar.pipeline_core.errors import OutputError, UnreadableMedia
from talking_avatar.pipeline_core.media import files
from talking_avatar.pipeline_core.media.audio import load_sound
from talking_avatar.pipeline_core.media.files import check_target, existing_file, refuse_own_source, replacing
from talking_avatar.pipeline_core.media.image import load_portrait
from talking_avatar.pipeline_core.media.video import probe


def test_a_file_that_is_there_is_accepted(tmp_path):
    file = tmp_path / "a.png"
    file.write_bytes(b"x")
    assert existing_file(file, "picture") == str(file)


@pytest.mark.parametrize("read", [load_portrait, load_sound, probe])
def test_folders_and_missing_files_are_told_apart(tmp_path, read):
    with pytest.raises(UnreadableMedia, match="is a folder"):
        read(tmp_path)
    with pytest.raises(UnreadableMedia, match="does not exist"):
        read(tmp_path / "a.xyz")
    with pytest.raises(UnreadableMedia, match="does not exist"):
        read("a\0b")


@pytest.mark.parametrize("name", ["", "a\0.mp4", "."])
def test_names_that_no_file_can_have_are_refused_at_once(name):
    with pytest.raises(OutputError):
        check_target(name)


def test_a_finished_file_replaces_the_old_one(tmp_path):
    target = tmp_path / "deep" / "a.txt"
    for text in ("old", "new"):
        with replacing(target) as part:
            part.write_text(text)
            assert not target.exists() or target.read_text() == "old"
    assert target.read_text() == "new" and list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_unfinished_file_leaves_the_old_one_and_nothing_else(tmp_path, error):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(error), replacing(target) as part:
        part.write_text("half")
        raise error
    assert target.read_text() == "old" and list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("folder", [False, True])
def test_a_claimed_name_is_given_back_when_the_result_cannot_take_it(tmp_path, monkeypatch, folder):
    def refuse(source, target):
        raise PermissionError(13, "the file is in use")

    monkeypatch.setattr(os, "replace", refuse)
    with (pytest.raises(OutputError, match="in use"),
          files.appearing(tmp_path / "a_00001_", folder=folder, overwrite=False) as result):
        result.part.mkdir() if folder else result.part.write_text("whole")
    assert list(tmp_path.iterdir()) == []


def test_what_the_system_refuses_is_an_error_with_a_hint(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError) as caught, replacing(tmp_path / "file" / "a.txt"):
        pass
    assert "folder" in caught.value.hint


@pytest.mark.parametrize("name", ["x" * 256, "ä" * 128 + ".mp4"])
def test_names_that_are_too_long_are_refused_before_the_work(tmp_path, name):
    with pytest.raises(OutputError, match="255 bytes"):
        check_target(tmp_path / name)
    check_target(tmp_path / ("x" * 251 + ".mp4"))


@pytest.mark.parametrize("name", ["CON", "aux.mp4", "Lpt1.tar.gz", "a?.mp4", "a:b", "a.", "a "])
def test_names_that_windows_keeps_for_itself(tmp_path, monkeypatch, name):
    check_target(tmp_path / name)
    monkeypatch.setattr(files, "_ON_WINDOWS", True)
    with pytest.raises(OutputError, match="Windows"):
        check_target(tmp_path / name)
    check_target(tmp_path / "console.mp4")


def test_a_file_in_place_of_a_folder_is_noticed_before_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    for target in (tmp_path / "file" / "a.mp4", tmp_path / "file" / "deep" / "a.mp4"):
        with pytest.raises(OutputError, match="is no folder"):
            check_target(target)
    with pytest.raises(OutputError, match="a file has that name"):
        check_target(tmp_path / "file", folder=True)


def test_a_locked_folder_is_noticed_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(OutputError, match="cannot be written to"):
        check_target(tmp_path / "a.mp4")


@pytest.mark.parametrize(("name", "following"), [
    ("a_00001_.mp4", "a_00002_.mp4"), ("a_09.webm", "a_10.webm"), ("a.mp4", "a_2.mp4"), ("a_99999_", "a_100000_"),
    ("2024.mp4", "2024_2.mp4"),
])
def test_the_next_name(tmp_path, name, following):
    assert files.next_name(tmp_path / name) == tmp_path / following


def test_a_result_does_not_replace_what_it_is_made_from(tmp_path):
    voice = tmp_path / "voice.mp4"
    voice.write_bytes(b"irreplaceable")
    (tmp_path / "folder").mkdir()
    for name in (voice, str(voice), tmp_path / "folder" / ".." / "voice.mp4"):
        with pytest.raises(OutputError, match="made from this file"):
            refuse_own_source(name, None, voice)
    refuse_own_source(tmp_path / "other.mp4", voice, None, object(), "nowhere\0.mp4")
