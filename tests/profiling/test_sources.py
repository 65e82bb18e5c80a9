"""The text of sources, wherever they lie on this computer."""

from __future__ import annotations

from emulator.profiling.sources import find_sources


def test_the_path_itself_and_the_compilers_folder(tmp_path):
    (tmp_path / "src").mkdir()
    whole = tmp_path / "src" / "main.c"
    whole.write_text("int main;\n")
    files = {str(whole): "", "src/main.c": str(tmp_path), "src/none.c": str(tmp_path)}
    assert find_sources(files) == {str(whole): "int main;\n", "src/main.c": "int main;\n"}


def test_below_a_root_the_longest_end_of_the_path_is_taken(tmp_path):
    (tmp_path / "lib" / "nn").mkdir(parents=True)
    (tmp_path / "conv.c").write_text("another\n")
    (tmp_path / "lib" / "nn" / "conv.c").write_text("this\n")
    elsewhere = {
        "/home/builder/lib/nn/conv.c": "",
        "../lib/nn/conv.c": "/home/builder/out",
        "C:\\work\\lib\\nn\\conv.c": "",
    }
    assert find_sources(elsewhere, [tmp_path]) == dict.fromkeys(elsewhere, "this\n")


def test_beside_the_image(tmp_path):
    (tmp_path / "a.c").write_text("a\n")
    assert find_sources({"a.c": "/gone"}, image=tmp_path / "firmware.elf") == {"a.c": "a\n"}


def test_what_is_no_file_is_absent(tmp_path):
    (tmp_path / "folder.c").mkdir()
    assert find_sources({"folder.c": str(tmp_path), "/dev/zero": "", "nul\0.c": str(tmp_path)}) == {}
