import numpy as np
from talking_avatar.models.photo_head.subdivide import catmull_clark


def cube():
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], np.float32)
    quads = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]], np.int32)
    return corners, quads


def test_a_cube_becomes_26_points_with_the_published_positions():
    corners, quads = cube()
    fine = catmull_clark(quads, 8)
    points = fine.apply(corners)
    assert len(points) == 8 + 12 + 6 and len(fine.triangles) == 6 * 4 * 2
    # Catmull-Clark on a unit cube: corner (0,0,0) moves to (2/9, 2/9, 2/9), face points stay.
    assert np.allclose(points[0], 2 / 9, atol=1e-6)
    assert np.allclose(points[fine.face_vertex(quads[0])], corners[quads[0]].mean(axis=0))
    assert np.allclose(points[fine.edge_vertex(0, 1)], [1 / 8, 1 / 8, 1 / 2])


def test_an_open_patch_keeps_its_straight_border():
    grid = np.array([[x, y, 0] for y in range(3) for x in range(3)], np.float32)
    quads = np.array([[0, 1, 4, 3], [1, 2, 5, 4], [3, 4, 7, 6], [4, 5, 8, 7]], np.int32)
    fine = catmull_clark(quads, 9)
    points = fine.apply(grid)
    assert np.allclose(points[1], [1, 0, 0]), "a border vertex stays on its line"
    (loop,) = fine.boundary_loops()
    assert len(loop) == 16
    assert np.allclose(points[4], [1, 1, 0])


def test_subdividing_is_linear():
    corners, quads = cube()
    fine = catmull_clark(quads, 8)
    both = np.stack([corners, 3 * corners + 1])
    assert np.allclose(fine.apply(both)[1], 3 * fine.apply(corners) + 1, atol=1e-5)
