"""Standing data: what is shipped, what is refused when read, and how it is made again from the public package."""

import gzip
import io
import json
import shutil
import tarfile
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from pipelines import standing_data
from pipelines.codes import table_change
from pipelines.show import OutputError
from pipelines.standing_data import DATA, PACKAGE, PackageError, read_regions, refresh
from transform import standing
from transform.contract import TransformError

SHIPPED = standing.SQL / "standing"
ENTRIES: dict[str, list[dict[str, object]]] = {
    "offence-code.json": [
        {
            "cjsCode": code,
            "description": code,
            "offenceTitle": title,
            "homeOfficeClassification": group,
            "offenceCategory": "CE",
            "notifiableToHo": True,
            "recordableOnPnc": False,
        }
        for code, title, group in (
            ("PH97010", "Stalking involving fear of violence", "008/65"),
            ("0101AA001", "Local offence ", "000/00"),
        )
    ],
    "result-code.json": [
        {"cjsCode": c, "description": t, "type": "F", "resultCodeQualifiers": ""}
        for c, t in (("3307", "Stalking Protection Order"), ("0401", "Leading zero"))
    ],
    "organisation-unit.json": [
        {
            "topLevelCode": top,
            "topLevelName": "t",
            "secondLevelCode": "05",
            "secondLevelName": "Merseyside",
            "thirdLevelCode": third,
            "thirdLevelName": name,
        }
        for top, third, name in (
            ("B", "LV", "Liverpool"),
            ("C", "LC", "Liverpool Crown"),
            ("", "AA", "A police station"),
            ("B", "SB", "Birkenhead (County Court, Hamilton Street)"),
            ("B", "00", ""),
        )
    ],
    "forces.json": [
        {"code": c, "name": n}
        for c, n in (("05", "Merseyside"), ("02", "Met"), ("74", "Strathclyde"), ("B01DU", "A court's"))
    ],
}


def package(folder: Path, version: str = "9.0.1", **changed: object) -> Path:
    """An unpacked package; `changed` replaces what a file says, by its name with underscores and without ending."""
    said = {name: changed.get(name[:-5].replace("-", "_"), rows) for name, rows in ENTRIES.items()}
    (folder / DATA).mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({"name": PACKAGE, "version": version}))
    for name, rows in said.items():
        (folder / DATA / name).write_text(rows if isinstance(rows, str) else json.dumps(rows))
    return folder


def packed(folder: Path, add: Callable[[tarfile.TarFile], None] | None = None) -> Path:
    """The same as npm packs it, with something added at its end."""
    target = folder.with_suffix(".tgz")
    with tarfile.open(target, "w:gz") as archive:
        archive.add(folder, "package")
        if add:
            add(archive)
    return target


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()}


@pytest.fixture
def held(tmp_path: Path) -> Path:
    """A copy of the shipped standing data, as `sql/standing`."""
    return shutil.copytree(SHIPPED, tmp_path / "sql" / "standing")


# What is shipped


def test_every_code_of_the_package_is_there_as_text() -> None:
    assert len(standing.offences()) == 30356
    assert len(standing.results()) == 898
    assert len(standing.courts()) == 440
    assert len(standing.short_codes()) == 550
    for name in standing.TABLES:
        assert all(isinstance(code, str) for code in standing.table(name))
        assert list(standing.table(name)) == sorted(standing.table(name))


def test_titles_and_home_office_classes_are_the_official_ones() -> None:
    found = standing.offences()["PH97007"]
    assert (found.title, found.home_office_class) == ("Stalking involving fear of violence", "8/65")
    classes = {
        code: standing.offences()[code].home_office_class for code in ("PH97006", "PH97012", "ST19501", "PH97011")
    }
    assert classes == {"PH97006": "195/12", "PH97012": "66/38", "ST19501": "", "PH97011": "8/66"}
    assert standing.results()["3307"].title == "Stalking Protection Order"
    assert standing.courts()["B01BE"].area_name == "London"
    assert Counter(c.kind for c in standing.courts().values()).keys() == {"magistrates", "crown", "other"}


def test_a_form_of_an_offence_is_known_by_its_base_code() -> None:
    exact, form, none = (standing.offence(code) for code in ("PH97011B", "ST19501A", "ZZ99999A"))
    assert exact and exact.title.startswith("Aid and abet")
    assert form and form.code == "ST19501"
    assert none is None


def test_each_of_the_43_forces_has_its_region_and_three_have_none() -> None:
    forces = standing.forces()
    regions = {f.force: f.region for f in forces.values() if f.force != standing.OTHER}
    assert Counter(regions.values()) == {
        "North East": 3,
        "North West": 5,
        "Yorkshire and the Humber": 4,
        "East Midlands": 5,
        "West Midlands": 4,
        "East of England": 6,
        "London": 2,
        "South East": 5,
        "South West": 5,
        "Wales": 4,
        "other": 3,
    }
    assert {code for code, region in regions.items() if region == "other"} == {"93", "24", "59"}
    assert (forces["01"].force, forces["02"].force, forces["02"].place) == ("01", "01", forces["01"].place)
    assert {forces[code].force for code in ("00", "64", "74", "88", "98")} == {"other"}
    assert (forces["32"].region, forces["16"].region, forces["22"].region) == (
        "East Midlands",
        "Yorkshire and the Humber",
        "West Midlands",
    )
    places = [f.place for f in forces.values() if f.force != standing.OTHER]
    assert sorted(set(places)) == list(range(1, 47))
    assert {f.place for f in forces.values() if f.force == standing.OTHER} == {47}


def test_forces_are_those_of_the_reviewed_file() -> None:
    """Whoever changes force-regions.csv must refresh."""
    reviewed = read_regions(SHIPPED / standing.FORCE_REGIONS)
    made = {c: f for c, f in standing.forces().items() if f.force != standing.OTHER}
    facts = {c: (f.force, f.force_name, f.region, f.place) for c, f in made.items()}
    assert facts == {c: (f.force, f.force_name, f.region, f.place) for c, f in reviewed.items()}


def test_sources_describe_each_file_that_is_there() -> None:
    said = standing.read_sources(SHIPPED)
    assert set(said) == {p.name for p in SHIPPED.glob("*.parquet")} == {f"{name}.parquet" for name in standing.TABLES}
    for name, source in said.items():
        assert source.sha256 == sha256((SHIPPED / name).read_bytes()).hexdigest(), name
        assert source.rows == len(standing.table(name.removesuffix(".parquet")))
        assert source.source and source.licence
    assert said["offences.parquet"].licence == "MIT"


def test_result_titles_are_those_of_the_short_codes() -> None:
    labels = standing.result_labels()
    assert len(labels) == 550
    assert "Granted" in labels
    assert standing.short_codes()["G"].label == "Granted"
    assert not {"SPO", "RFSD"} & set(standing.short_codes())


def test_the_changes_of_april_2017_are_known() -> None:
    changes = {(c.code, c.successor, c.date.isoformat()) for c in standing.code_changes()}
    assert changes >= {("PH97007", "PH97010", "2017-04-03"), ("PH97008", "PH97011", "2017-04-03")}


# What is refused when read


def test_a_file_that_is_missing_or_another_is_refused_with_what_to_do(held: Path) -> None:
    with (held / "results.parquet").open("ab") as file:
        file.write(b"x")
    (held / "courts.parquet").unlink()
    for name, said in (("results", "is not the file that sources.json describes"), ("courts", "there is no such file")):
        with pytest.raises(TransformError, match=said) as refused:
            standing.table(name, held.parent)
        assert f"standing/{name}.parquet" in str(refused.value)
        assert "courtstats codes refresh" in str(refused.value)
    (held / "sources.json").unlink()
    with pytest.raises(TransformError, match=r"sources\.json"):
        standing.forces(held.parent)


def test_a_file_that_changes_is_read_again(held: Path, tmp_path: Path) -> None:
    assert len(standing.results(held.parent)) == 898
    refresh(package(tmp_path / "package"), held, dry_run=False)
    assert list(standing.results(held.parent)) == ["0401", "3307"]


def test_every_fault_of_the_code_changes_is_told_at_once(held: Path) -> None:
    lines = ["code,successor,date,source", "A1,A1,2017-04-03,x", "B1,B2,3 April,x", "C1,C2,2017-04-03,"]
    (held / "code-changes.csv").write_text("\n".join(lines))
    with pytest.raises(ExceptionGroup) as refused:
        standing.code_changes(held.parent)
    assert [str(f)[:40].split(" is")[0] for f in refused.value.exceptions] == [
        "standing/code-changes.csv: A1,A1,2017-04"[:40],
        "standing/code-changes.csv: B1,B2,3 April"[:40],
        "standing/code-changes.csv: C1,C2,2017-04"[:40],
    ]
    (held / "code-changes.csv").write_text("code,successor,date,source\nA1,A2,2017-04-03,x\n\nA1\n")
    with pytest.raises(ExceptionGroup) as refused:
        standing.code_changes(held.parent)
    assert [str(f).split(": ")[0] for f in refused.value.exceptions] == [
        f"standing/code-changes.csv:{n}" for n in (2, 4)
    ]


# Made again


def test_folder_and_archive_give_the_same_files_and_again_the_same_bytes(tmp_path: Path) -> None:
    folder = package(tmp_path / "one")
    for target, source in (("a", folder), ("b", packed(folder)), ("c", folder)):
        refresh(source, tmp_path / target, dry_run=False)
    assert contents(tmp_path / "a") == contents(tmp_path / "b") == contents(tmp_path / "c")
    refresh(folder, tmp_path / "a", dry_run=False)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_each_table_holds_what_the_package_says(tmp_path: Path) -> None:
    target = tmp_path / "sql" / "standing"
    done = refresh(package(tmp_path / "package"), target, dry_run=False)
    assert (done.version_before, done.version_after) == ("", "9.0.1")
    offences = standing.offences(target.parent)
    assert [(o.code, o.title, o.home_office_class) for o in offences.values()] == [
        ("0101AA001", "Local offence", ""),
        ("PH97010", "Stalking involving fear of violence", "8/65"),
    ]
    assert (offences["PH97010"].notifiable, offences["PH97010"].recordable) == (True, False)
    courts = {c.code: (c.name, c.kind) for c in standing.courts(target.parent).values()}
    assert courts == {
        "B05LV": ("Liverpool", "magistrates"),
        "C05LC": ("Liverpool Crown", "crown"),
        "B05SB": ("Birkenhead (County Court, Hamilton Street)", "other"),
        "B0500": ("Merseyside (no court named)", "magistrates"),
    }
    forces = {f.code: (f.name, f.force, f.region) for f in standing.forces(target.parent).values()}
    assert forces == {
        "02": ("Met", "01", "London"),
        "05": ("Merseyside", "05", "North West"),
        "74": ("Strathclyde", "other", "other"),
    }
    assert standing.short_codes(target.parent) == standing.short_codes(), "kept"
    assert standing.code_changes(target.parent) == standing.code_changes()
    assert standing.read_sources(target)["results.parquet"].version == "9.0.1"


def test_a_dry_run_says_what_would_change_and_writes_nothing(held: Path, tmp_path: Path) -> None:
    before = contents(held)
    retitled = [{**o, "offenceTitle": "Another title"} for o in ENTRIES["offence-code.json"]]
    done = refresh(package(tmp_path / "package", offence_code=retitled), held, dry_run=True)
    assert contents(held) == before
    change = table_change("offences", done.before["offences"], done.after["offences"])
    assert (change.before, change.after) == (30356, 2)
    assert change.retitled == ("0101AA001", "PH97010")
    assert "PH97007" in change.removed
    assert done.version_after == "9.0.1"


def test_short_codes_come_from_a_file_or_stay(held: Path, tmp_path: Path) -> None:
    file = tmp_path / "short.csv"
    file.write_text("short_code,label,cjs_code,more\nSPO,Stalking Protection Order,3307,x\nG,Granted,,x\n")
    before = contents(held)
    refresh(None, held, dry_run=False, short_codes=file)
    assert list(standing.short_codes(held.parent)) == ["G", "SPO"]
    assert {n for n, c in contents(held).items() if c != before[n]} == {"short-codes.parquet", "sources.json"}
    file.write_text("short_code,label,cjs_code\nG,Granted,\nG,Again,\nX,,1\n")
    with pytest.raises(ExceptionGroup) as refused:
        refresh(None, held, dry_run=False, short_codes=file)
    assert [str(f).split(": ")[0] for f in refused.value.exceptions] == [f"{file}:{n}" for n in (2, 3, 4)]


def test_every_fault_of_the_shape_is_told_with_file_and_place_and_nothing_is_written(
    held: Path, tmp_path: Path
) -> None:
    before = contents(held)
    good = ENTRIES["offence-code.json"][0]
    folder = package(
        tmp_path / "package",
        offence_code=[
            good,
            {**good, "cjsCode": "A1", "notifiableToHo": "yes"},
            {**good, "homeOfficeClassification": 8},
        ],
        result_code=[{"cjsCode": 401, "description": "x", "type": "", "resultCodeQualifiers": ""}] * 3,
        organisation_unit="{",
        forces={},
    )
    with pytest.raises(ExceptionGroup) as refused:
        refresh(folder, held, dry_run=False)
    said = [str(f) for f in refused.value.exceptions]
    for part in (
        "organisation-unit.json: is not JSON",
        "offence-code.json: entry 2 A1: notifiableToHo is not true or false",
        "offence-code.json: entry 3 PH97010: homeOfficeClassification is not a class like 008/65",
        "offence-code.json: entry 3 PH97010: cjsCode is there twice",
        "result-code.json: entry 1 401, and 2 more: cjsCode is not four digits",
        "forces.json: entry 1: the file is not a list of entries",
    ):
        assert any(part in line for line in said), (part, said)
    assert contents(held) == before


def _member(name: str, **facts: object) -> Callable[[tarfile.TarFile], None]:
    def add(archive: tarfile.TarFile) -> None:
        member = tarfile.TarInfo(name)
        content = b"[]" if "linkname" not in facts else b""
        member.size = len(content)
        for fact, value in facts.items():
            setattr(member, fact, value)
        archive.addfile(member, io.BytesIO(content))

    return add


@pytest.mark.parametrize(
    ("added", "said"),
    [
        (_member("package/../../evil.json"), "a path that leads out"),
        (_member("/etc/evil.json"), "a path that leads out"),
        (_member("package\\..\\evil.json"), "a path that leads out"),
        (_member(f"package/{DATA}forces.json", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "is a link or a device"),
        (_member("package/x", type=tarfile.LNKTYPE, linkname="package/package.json"), "is a link or a device"),
        (_member("package/x", type=tarfile.FIFOTYPE), "is a link or a device"),
    ],
)
def test_a_hostile_archive_is_refused_as_a_whole(held: Path, tmp_path: Path, added, said: str) -> None:
    before = contents(held)
    with pytest.raises(PackageError, match=said):
        refresh(packed(package(tmp_path / "package"), added), held, dry_run=False)
    assert contents(held) == before
    assert not list(tmp_path.rglob("evil*"))


def test_an_archive_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = packed(package(tmp_path / "package"))
    monkeypatch.setattr(standing_data, "MAX_ARCHIVE", 1_000_000)
    bomb = tmp_path / "bomb.tgz"
    bomb.write_bytes(gzip.compress(bytes(2_000_000)))
    assert bomb.stat().st_size < 10_000
    with pytest.raises(PackageError, match="unpacks to more than 1 MB"):
        refresh(bomb, tmp_path / "out", dry_run=False)
    monkeypatch.setattr(standing_data, "MAX_FILE", 100)
    with pytest.raises(PackageError, match="is too much"):
        refresh(archive, tmp_path / "out", dry_run=False)
    with pytest.raises(PackageError, match="larger than"):
        refresh(tmp_path / "package", tmp_path / "out", dry_run=False)
    monkeypatch.setattr(standing_data, "MAX_FILE", 10_000_000)
    monkeypatch.setattr(standing_data, "MAX_MEMBERS", 3)
    with pytest.raises(PackageError, match="is too much"):
        refresh(archive, tmp_path / "out", dry_run=False)
    assert not (tmp_path / "out").exists()


def test_what_is_no_package_is_refused(tmp_path: Path) -> None:
    whole = packed(package(tmp_path / "package")).read_bytes()
    for name, content in (("cut.tgz", whole[: len(whole) // 2]), ("text.tgz", b"hello"), ("empty.tgz", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises((PackageError, ExceptionGroup)) as refused:
            refresh(tmp_path / name, tmp_path / "out", dry_run=False)
        assert name in str(getattr(refused.value, "exceptions", [refused.value])[0])
    with pytest.raises(PackageError, match="npm pack"):
        refresh(tmp_path / "none.tgz", tmp_path / "out", dry_run=False)
    (tmp_path / "package" / "package.json").write_text('{"name": "left-pad", "version": "1"}')
    with pytest.raises(ExceptionGroup) as other:
        refresh(tmp_path / "package", tmp_path / "out", dry_run=False)
    assert f"is not that of {PACKAGE}" in str(other.value.exceptions[0])
    (tmp_path / "package" / DATA / "forces.json").unlink()
    (tmp_path / "package" / DATA / "forces.json").symlink_to("/etc/hostname")
    with pytest.raises(PackageError, match="is a link"):
        refresh(tmp_path / "package", tmp_path / "out", dry_run=False)
    assert not (tmp_path / "out").exists()


def test_where_one_file_cannot_be_put_in_place_all_are_as_before(
    held: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(held)
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if target.name == "courts.parquet":
            raise PermissionError(13, "Permission denied")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(OutputError, match="nothing was changed"):
        refresh(package(tmp_path / "package"), held, dry_run=False)
    assert contents(held) == before
