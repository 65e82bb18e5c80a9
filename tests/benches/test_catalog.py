import pytest

from benches.assembly.reader import read_assembly_catalog
from benches.silicon.catalog import core_name, development_catalog, read_catalog
from emulator.errors import UsageError

HEADER = "version,submitter,system,benchmark,path,board,published_latency_ms\n"


def test_the_projects_own_catalogue():
    rows = development_catalog()
    assert len(rows) == 31
    assert len({(row.sha256, row.system) for row in rows}) == 31
    assert all(len(row.sha256) == 64 and row.published_cycles for row in rows)
    for row in rows:
        assert row.published_cycles == pytest.approx(row.published_latency_ms * row.mhz * 1e3, rel=1e-5)


def test_csv_with_only_the_needed_columns(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(HEADER + "v1,us,our board,kws01,a/b.bin,nucleo-l4r5zi,43.5\n")
    (row,) = read_catalog(path)
    assert (row.benchmark, row.mode, row.mhz, row.published_cycles) == ("kws", "performance", None, None)
    assert row.cycles_at(120_000_000) == pytest.approx(5_220_000)


def test_headers_with_blanks_and_the_issue_name_of_the_latency(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(
        "Version,Submitter,System,Benchmark,Path,Board,Published latency,Notes\nv1,u,s,ad,p,b,1.5,x\n"
    )
    assert read_catalog(path)[0].published_latency_ms == 1.5


def test_toml(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        '[[image]]\nversion = "v1"\nsubmitter = "us"\nsystem = "s"\nbenchmark = "ic"\npath = "x.hex"\n'
        'board = "b"\npublished_latency_ms = 180.5\nmhz = 120\nbase = "0x08004000"\n'
    )
    (row,) = read_catalog(path)
    assert row.cycles_at(0) == pytest.approx(21_660_000)
    assert row.base == 0x08004000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        (HEADER, "empty"),
        (HEADER + "v1,us,s,kws,p,,1\n", "row 1: column 'board'"),
        (HEADER + "v1,us,s,kws,p,b,fast\n", "row 1: published_latency_ms is 'fast'"),
        (HEADER + "v1,us,s,kws,p,b,\n", "row 1: no published latency"),
        (HEADER + "v1,us,s,kws,p,b,1\nv1,us,s,mww,p,b,1\n", "row 2: there is no benchmark 'mww'"),
    ],
)
def test_bad_rows_name_the_row_and_the_column(tmp_path, text, message):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_catalog(path)


def test_core_names():
    assert [core_name(text) for text in ("M4", "M0+", "Cortex-M4F", "cortex-m33", "")] == [
        *("cortex-m4", "cortex-m0plus", "cortex-m4", "cortex-m33", ""),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('image = ["a", "b"]', "image is no list of tables"),
        ("image = 3", "image is no list of tables"),
        ("[image]\nx = 1", "image is no list of tables"),
        ("image = [[1]]", "image is no list of tables"),
        ("x = " + "[" * 5000, "not TOML"),
        ("", "the catalogue is empty"),
    ],
)
def test_toml_that_holds_no_rows(tmp_path, text, words):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=words):
        read_catalog(path)
    path.write_text(text.replace("image", "function"))
    with pytest.raises(UsageError, match=words.replace("image", "function")):
        read_assembly_catalog(path)


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e999", "0", "-1"])
def test_a_latency_is_a_finite_number_above_zero(tmp_path, number):
    path = tmp_path / "mine.csv"
    path.write_text(HEADER + f"v1,u,s,ad,p,b,{number}\n")
    with pytest.raises(UsageError, match="published_latency"):
        read_catalog(path)


def test_a_mode_that_nobody_knows(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(HEADER.replace("\n", ",mode\n") + "v1,u,s,ad,p,b,1.5,energetic\n")
    with pytest.raises(UsageError, match="mode is 'energetic'"):
        read_catalog(path)
