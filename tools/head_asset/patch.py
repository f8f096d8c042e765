"""Cut the face out of the body mesh: front of the head, upper neck, a centimetre of inner lip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

INNER_LIP_RINGS = 4
"""Rings of quads kept behind the line where the lips touch (about 1 cm)."""


@dataclass(frozen=True)
class Patch:
    """A part of the body mesh with its own vertex numbers."""

    body_ids: np.ndarray
    """Body vertex of each patch vertex [shape=(N,)]."""
    quads: np.ndarray
    """Faces in patch numbers [shape=(F, 4)]."""
    lip_rings: np.ndarray
    """Closed rings of 38 vertices round the mouth in patch numbers [shape=(R, 38)], from the
    deepest inner ring outwards; `contact` is the row of the line where the lips touch."""
    contact: int
    lid_rings: dict[str, np.ndarray]
    """Closed rings of 28 vertices round each eye ("left", "right") from the lid margin outwards
    [shape=(R, 28)]; column 0 is the outer corner, columns 0..13 the upper lid from there."""


class EdgeMap:
    """Which faces meet at an edge."""

    def __init__(self, quads: np.ndarray) -> None:
        self.quads = quads
        self._faces: dict[frozenset[int], list[int]] = {}
        for i, quad in enumerate(quads):
            for a, b in zip(quad, np.roll(quad, -1), strict=True):
                self._faces.setdefault(frozenset((int(a), int(b))), []).append(i)

    def faces(self, a: int, b: int) -> list[int]:
        """Return the one or two faces at edge (a, b)."""
        return self._faces.get(frozenset((int(a), int(b))), [])

    def across(self, face: int, cut: set[frozenset[int]]) -> list[int]:
        """Return the neighbours of a face that are not behind an edge of `cut`."""
        quad = self.quads[face]
        edges = [frozenset((int(a), int(b))) for a, b in zip(quad, np.roll(quad, -1), strict=True)]
        return [f for e in edges if e not in cut for f in self._faces[e] if f != face]


def side_of_ring(edges: EdgeMap, ring: list[int], seed: int) -> set[int]:
    """Return the faces on that side of a closed ring on which face `seed` lies."""
    n = len(ring)
    start = next(k for k in range(n) if seed in edges.faces(ring[k], ring[(k + 1) % n]))
    current, side = seed, {seed}
    for j in range(1, n):
        a, b = ring[(start + j) % n], ring[(start + j + 1) % n]
        shared = [f for f in edges.faces(a, b) if len({*edges.quads[f]} & {*edges.quads[current]}) == 2]
        current = shared[0]
        side.add(current)
    return side


def next_ring(edges: EdgeMap, ring: list[int], behind: set[int]) -> tuple[list[int], set[int]]:
    """Return the neighbouring ring on the side that is not `behind`, and the faces between."""
    following: dict[int, int] = {}
    used: set[int] = set()
    for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
        (face,) = (f for f in edges.faces(a, b) if f not in behind)
        quad = [int(v) for v in edges.quads[face]]
        used.add(face)
        for here, other in ((a, b), (b, a)):
            k = quad.index(here)
            following[here] = next(v for v in (quad[k - 1], quad[(k + 1) % 4]) if v != other)
    return [following[v] for v in ring], used


def lip_rings(edges: EdgeMap, contact: list[int], outward_vertex: int) -> tuple[list[list[int]], int]:
    """Return the rings from the deepest inner one to the eighth outside, and the contact's row."""
    k = next(i for i, v in enumerate(contact) if any(
        outward_vertex in edges.quads[f] for f in edges.faces(v, contact[(i + 1) % len(contact)])))  # fmt: skip
    at_edge = edges.faces(contact[k], contact[(k + 1) % len(contact)])
    out_seed = next(f for f in at_edge if outward_vertex in edges.quads[f])
    in_seed = next(f for f in at_edge if f != out_seed)
    inner, ring, behind = [], contact, side_of_ring(edges, contact, out_seed)
    for _ in range(INNER_LIP_RINGS):
        ring, behind = next_ring(edges, ring, behind)
        inner.append(ring)
    outer, ring, behind = [], contact, side_of_ring(edges, contact, in_seed)
    for _ in range(8):
        ring, behind = next_ring(edges, ring, behind)
        outer.append(ring)
    return [*inner[::-1], contact, *outer], INNER_LIP_RINGS


def lid_rings(edges: EdgeMap, margin: list[int], patch_faces: np.ndarray) -> list[list[int]]:
    """Return the lid margin and the rings outside it, as far as they stay whole, at most five."""
    faces = set(patch_faces.tolist())
    behind = {f for a, b in zip(margin, margin[1:] + margin[:1], strict=True)
              for f in edges.faces(a, b) if f not in faces}  # fmt: skip
    rings = [margin]
    while len(rings) < 6:
        try:
            ring, behind = next_ring(edges, rings[-1], behind)
        except ValueError:
            break
        if len(set(ring)) < len(ring):
            break
        rings.append(ring)
    return rings


def in_region(vertices_cm: np.ndarray) -> np.ndarray:
    """Tell which vertices belong to the front of the head and the upper neck.

    The back limit lies behind the face oval (z = 5 cm at the temples) by about 3 cm and in
    front of the ears; below the jaw it recedes to keep the front half of the neck.
    """
    y, z = vertices_cm[:, 1], vertices_cm[:, 2]
    back = np.interp(y, [-9.5, -6.0], [-0.8, 2.0])
    return (y > -13.0) & (y < 10.6) & (z > back)


def cut_patch(vertices_cm: np.ndarray, quads: np.ndarray, rings: dict[str, list[int]]) -> Patch:
    """Flood the face from the nose, stopping at the eye sockets and at the deepest lip ring."""
    edges = EdgeMap(quads)
    contact = rings["iu"] + rings["il"][1:-1][::-1]
    loops, contact_row = lip_rings(edges, contact, 468)
    lids = {
        "right": rings["reu"] + rings["rel"][1:][::-1],
        "left": rings["leu"][::-1] + rings["lel"][:-1],
    }
    cut = {
        frozenset((int(a), int(b)))
        for loop in (loops[0], *lids.values())
        for a, b in zip(loop, [*loop[1:], loop[0]], strict=True)
    }
    allowed = in_region(vertices_cm)[quads].all(axis=1)
    inside = _flood(edges, cut, allowed, int(np.flatnonzero((quads == 297).any(axis=1))[0]))
    body_ids = np.unique(quads[inside])
    number = np.full(len(vertices_cm), -1)
    number[body_ids] = np.arange(len(body_ids))
    return Patch(
        body_ids,
        number[quads[inside]],
        number[np.array(loops)],
        contact_row,
        {side: number[np.array(lid_rings(edges, loop, inside))] for side, loop in lids.items()},
    )


def _flood(edges: EdgeMap, cut: set[frozenset[int]], allowed: np.ndarray, seed: int) -> np.ndarray:
    reached, waiting = {seed}, [seed]
    while waiting:
        for face in edges.across(waiting.pop(), cut):
            if allowed[face] and face not in reached:
                reached.add(face)
                waiting.append(face)
    return np.array(sorted(reached))
