#!/usr/bin/env python3
"""How many first lines of samples are well formed, beside the later ones: a sample without a prime begins from the state after
the last lines of the text, not from zeros, which training meets once in an epoch.

usage: bench/first_lines.py [LM]        trains on a table and on a list of words, 30 seeds each; a few minutes
"""
import datetime
import math
import random
import re
import subprocess
import sys
import tempfile

lm = sys.argv[1] if len(sys.argv) > 1 else "build/release/bin/lm"


def table():
    """Four years of weather, invented: date,rain,high,low,wind,sky."""
    r = random.Random(5)
    day = datetime.date(2031, 1, 1)
    lines = []
    for i in range(1461):
        season = math.sin(i / 365.25 * 2 * math.pi - 1.6)
        rain = max(0.0, r.gauss(-2 - 3 * season, 6))
        high = 16 + 9 * season + r.gauss(0, 3)
        low = high - r.uniform(3, 11)
        sky = "rain" if rain > 0 else r.choice(["sun", "sun", "fog"])
        lines.append(f"{day:%Y/%m/%d},{rain:.1f},{high:.1f},{low:.1f},{r.uniform(0.5, 7):.1f},{sky}")
        day += datetime.timedelta(days=1)
    return "\n".join(lines) + "\n"


def words():
    """German compounds, one on each line: a word with its capital."""
    r = random.Random(6)
    first = "Haus Wasser Berg Sonnen Winter Garten Brot Stein Licht Regen Wald Fisch Feuer Schiff Uhr".split()
    last = "turm platz licht weg meister kette stein garten mühle brücke schlüssel ofen straße tür äpfel".split()
    return "".join(r.choice(first) + r.choice(["", "s", "en"]) + r.choice(last) + "\n" for _ in range(4000))


line_of_table = re.compile(r"\d{4}/\d\d/\d\d,\d+\.\d,-?\d+\.\d,-?\d+\.\d,\d+\.\d,(rain|sun|fog)")
line_of_words = re.compile(r"[A-Z][a-zäöüß]+")


def counts(model, pattern, *options):
    first = later = later_all = 0
    for seed in range(30):
        text = subprocess.run([lm, "sample", "--model", model, "--seed", str(seed), "--length", "300", *options],
                              check=True, capture_output=True, text=True).stdout
        lines = text.split("\n")[:-2]  # the last one is cut
        first += bool(pattern.fullmatch(lines[0]))
        later += sum(bool(pattern.fullmatch(line)) for line in lines[1:])
        later_all += len(lines) - 1
    return f"first lines {first} of 30, later ones {later} of {later_all}"


with tempfile.TemporaryDirectory() as folder:
    for name, text, pattern in [("table", table(), line_of_table), ("words", words(), line_of_words)]:
        path, model = f"{folder}/{name}.txt", f"{folder}/{name}.ckpt"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        subprocess.run([lm, "train", "--text", path, "--out", model, "--epochs", "15"], check=True, capture_output=True)
        print(f"{name}: {counts(model, pattern)}", flush=True)
