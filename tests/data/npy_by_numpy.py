"""Writes npy_by_numpy.txt: files of numpy.save for tests, one a line: their names and bytes. (NumPy 2.4.6)"""

import io
import pathlib

import numpy as np

lines = []


def add(name, array, version=(1, 0)):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version)
    lines.append(f"{name}: {file.getvalue().hex()}\n")


values = np.array([[0, 1, 100], [-1, -100, 3]])
for dtype in "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1".split():
    array = np.abs(values) if dtype[0] == "u" else values != 100 if dtype == "b1" else values
    array = array.astype("<" + dtype)
    add(f"{dtype} C little", array)
    add(f"{dtype} C big", array.astype(">" + dtype))
    add(f"{dtype} Fortran little", np.asfortranarray(array))
add("format 2", values.astype("<f4"), (2, 0))
add("format 3", values.astype("<f4"), (3, 0))
add("scalar", np.array(2.5, "<f4"))
add("vector", np.array([1, 2, 3], "<f4"))
add("empty", np.zeros((0, 3), "<f4"))
add("cube", np.arange(24, dtype="<f4").reshape(2, 3, 4))
add("cube Fortran", np.asfortranarray(np.arange(24, dtype="<f4").reshape(2, 3, 4)))
halves = [0, -0.0, 1, -2, 65504, 6.104e-05, 6.0976e-05, 5.96e-08, 1 / 3, np.inf, -np.inf, np.nan]
add("halves", np.array(halves, "<f2"))
add("halves as f4", np.array(halves, "<f2").astype("<f4"))
add("u4 too large", np.array([1, 2**31], "<u4"))
add("i8 too small", np.array([-(2**31), -(2**31) - 1], "<i8"))
add("complex", np.array([1j], "<c16"))
add("text", np.array(["ab"]))
add("structured", np.array([(1, 2)], [("a", "<i4"), ("b", "<f4")]))
add("nine axes", np.zeros((1,) * 9, "<f4"))
pathlib.Path(__file__).with_suffix(".txt").write_text("".join(lines))
