"""Keep the hashes of models/licences.json in step with the assets that the build scripts write."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

TABLE = Path(__file__).resolve().parents[1] / "models" / "licences.json"


def record_sha256(id: str, data: bytes, table: Path = TABLE) -> str:
    """Write the hash of an asset into its row, and return it."""
    found = hashlib.sha256(data).hexdigest()
    rows = json.loads(table.read_text(encoding="utf-8"))
    row = next(row for row in rows if row["id"] == id)
    if row["sha256"] != found:
        row["sha256"] = found
        table.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return found
