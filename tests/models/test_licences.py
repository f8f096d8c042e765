"""Everything that ships, or that a back end loads, has a licence row, and the hashes are right."""

import hashlib
import importlib.util
import json
from pathlib import Path

import pytest
from talking_avatar.models import register_all
from talking_avatar.pipeline_core.registry import backends

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "models" / "licences.json"
ASSETS = ROOT / "models" / "assets"
NOT_DATA = {"PROVENANCE.md"}
SAMPLES = {"sample:portrait", "sample:recording", "sample:clip"}
"""Users of shipped files that are no back ends: drop-downs of the nodes."""
FIELDS = {"id": str, "used_by": list, "files": list, "source": str, "licence": str, "licence_evidence": str,
          "commercial_use": bool, "sha256": str, "notes": str}
REBUILD = ("run the script of tools/ that builds it (models/assets/PROVENANCE.md; it writes the hash into "
           "models/licences.json), or add a row")


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def rows():
    return json.loads(TABLE.read_text(encoding="utf-8"))


def registered():
    register_all()
    return {f"{b.kind}:{b.id}": b for kind in ("landmarks", "speech", "voice", "renderer") for b in backends(kind)}


def field_problems(table):
    """Return what is missing or of the wrong kind."""
    found = [f"{row.get('id', '?')}: {name}" for row in table for name, kind in FIELDS.items()
             if not isinstance(row.get(name), kind) or (kind is not bool and not row[name])]
    found += [f"{row['id']}: sha256" for row in table if len(row.get("sha256", "")) != 64]
    ids = [row.get("id") for row in table]
    return found + [f"{id} twice" for id in set(ids) if ids.count(id) > 1]


def asset_problems(table, root=ROOT):
    """Return shipped files without a row or with another hash, and rows of files that are not there."""
    hashes = {file: row["sha256"] for row in table for file in row["files"] if file.startswith("models/assets/")}
    shipped = {p.relative_to(root).as_posix(): p for p in (root / "models" / "assets").iterdir()
               if p.name not in NOT_DATA}
    found = [f"{name} has no row: {REBUILD}" for name in shipped.keys() - hashes.keys()]
    found += [f"{name} is not there: {REBUILD}" for name in hashes.keys() - shipped.keys()]
    return found + [f"{name} has another sha256: {REBUILD}" for name in shipped.keys() & hashes.keys()
                    if sha256(shipped[name]) != hashes[name]]


def backend_problems(table, known):
    """Return back ends without a row, rows of unknown back ends, and contradicting licences."""
    uses = [(user, row) for row in table for user in row["used_by"]]
    used = {user for user, _ in uses}
    found = [f"{name} has no row" for name in known.keys() - used]
    found += [f"{name} is no back end" for name in used - known.keys() if not name.startswith("sample:")]
    return found + [f"{name}: {row['id']} is {row['licence']}" for name, row in uses if name in known
                    and (known[name].licence, known[name].commercial) != (row["licence"], row["commercial_use"])]


def test_every_row_is_complete():
    assert field_problems(rows()) == []


def test_every_shipped_asset_has_a_row_with_its_hash():
    assert asset_problems(rows()) == []


def test_every_back_end_has_a_row_with_its_licence():
    assert backend_problems(rows(), registered()) == []


def test_what_ships_may_be_used_commercially():
    assert all(row["commercial_use"] for row in rows() if row["files"][0].startswith("models/assets/"))


@pytest.mark.parametrize("row", [r for r in rows() if not r["files"][0].startswith("models/")], ids=lambda r: r["id"])
def test_the_hash_of_an_optional_package_is_that_of_its_file(row):
    spec = importlib.util.find_spec(row["files"][0].split("/")[0])
    if spec is None:
        pytest.skip(f"{row['id']} is not installed")
    folder = Path(next(iter(spec.submodule_search_locations))).parent
    assert row["sha256"] in [sha256(folder / file) for file in row["files"] if (folder / file).is_file()]


def test_planted_faults_are_found(tmp_path):
    table = rows()
    del table[0]["licence"]
    table[1]["sha256"] = "0" * 64
    assert field_problems(table) == [f"{table[0]['id']}: licence"]
    assert len(asset_problems(table)) == 1
    table[1]["files"] = ["models/assets/other.bin"]
    assert len(asset_problems(table)) == 2
    known = registered()
    table = rows()
    table[0]["licence"] = "MIT"
    table[2]["used_by"] = ["voice:zzz"]
    # Three back ends use the row that is MIT now; two renderers lost their row to a voice that is none.
    planted = set(backend_problems(table, known)) - set(backend_problems(rows(), known))
    assert len(planted) == 6


def test_the_evidence_is_beside_the_assets():
    page = (ASSETS / "PROVENANCE.md").read_text(encoding="utf-8")
    for row in rows():
        if row["files"][0].startswith("models/assets/"):
            assert Path(row["files"][0]).name in page
            # Hashes have one home, so that a rebuild cannot leave a stale one behind.
            assert row["sha256"] not in page
            # What was trained from nothing has no source file.
            assert row["id"] == "articulation" or row["source_sha256"] in page


def test_the_notice_names_whom_we_owe_it():
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    for name in ("MakeHuman", "Mika Suominen", "CC0", "MediaPipe", "Apache License"):
        assert name in notice
