"""Any number of shards gives the same data as one process.

Real files and made ones are exported by one process, and by N shards in an order drawn by lot, two at a time; N is 1, 2, 3, 7, 50 and more than there are blocks. Then pyarrow reads both, by shard and part:
the same rows in the same order, all columns equal, doubles bit for bit, QC of variants and samples included; the table carriers has the same rows; conflicts and rejects are the same; every record is a
row or a reject in manifest, shards and sets; varlake verify is content, and restore writes the same VCF. Among the inputs are real files as they are and packed anew in small blocks, lines and headers
longer than a block, blocks without text, and blocks that hold what looks like a block; lines that are no records; directories, gzip, text, and all of these together.
Then: shards in other orders and all at once give the same bytes, one that is run again changes nothing, wrong use is refused, and so is an input that is not the one that the first shard found,
on disk and, where AWS_ENDPOINT_URL_S3 names a server, in S3. Last, what it costs: the CPU of four shards, one after another, beside that of one process.
--full takes all real files, and all N for each.
"""
import gzip
import json
import random
import re
import resource
import statistics
import struct
import time

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dataset import ALL_TABLES, BROKEN, ROOT, Check, Dataset, Refused
from objects import ENDPOINT
from packing import END, bgzf, block, blocks, header_and_lines
from workers import S3, Disk, contents, differ, ended, in_order, run_shards, sharded, start

COHORT, SAMPLES = ROOT / "testdata" / "cohort.vcf.gz", ROOT / "testdata" / "cohort.samples.tsv"
QUARANTINE = ["--on-bad-record", "quarantine"]
NUMBERS = [1, 2, 3, 7, 50]
PART = ["brentp+cyvcf2/test.vcf.gz", "sgkit-dev+bio2zarr/out_of_order_contigs.vcf.gz", "odelaneau+shapeit4/reference.vcf.gz", "hail-is+hail/sample.vcf.gz", "bihealth+vcfpy/1kg.vcf.gz",
        "broadinstitute+gatk/Homo_sapiens_assembly38.headerOnly.vcf.gz", "natir+vcf2parquet/test.vcf"]
PACKED = {  # real files whose text is packed anew, in blocks of so many bytes
    "googlegenomics+gcp-variant-transforms/valid-4.1-large.vcf.gz": 3000, "brentp+cyvcf2/test.vcf.gz": 700, "broadinstitute+gatk/1kgp_test.merged.vcf.gz": 2000, "lindenb+jvarkit/ExAC.r1.sites.vep.vcf.gz": 900,
    "bigdatagenomics+adam/nan_float_values.vcf": 150, "rwk-unil+xSqueezeIt/micro_mixed_ploidy.vcf": 100, "hail-is+hail/long_line.g.vcf.gz": 40000, "samtools+htsjdk/all43Features.utf8.vcf": 60,
}


# Comparing

def bits(array):
    """Something that is equal where the array is, bit for bit: NaN equals itself, and 0 not -0. Of a list: which are NULL, the lengths, and the same of the elements."""
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    if pa.types.is_float64(array.type):
        return [array.view(pa.int64())]
    if pa.types.is_list(array.type):
        return [array.is_null(), pc.list_value_length(array), *bits(pc.list_flatten(array))]
    return [array]


def unequal(one, other):
    """Names of the columns that differ; None where rows or schemas do."""
    if len(one) != len(other) or not one.schema.equals(other.schema):
        return None
    return [c for c in one.column_names if not all(x.equals(y) for x, y in zip(bits(one[c]), bits(other[c])))]


def read(ds, table):
    """The table by shard and part, the contig of the folder as a column; None where it has no files."""
    found = {str(path): (path, contig) for path, contig in ds.files(table)}
    tables = []
    for key in in_order(found):
        path, contig = found[key]
        t = pq.ParquetFile(path).read()
        tables.append(t if contig is None else t.append_column("chrom", pa.array([contig] * len(t), pa.string())))
    return pa.concat_tables(tables) if tables else None


def sorted_rows(table):
    """Carriers by sample, and all that tells the calls of a sample apart: their order in the files depends on where parts begin."""
    def key(column):
        if pa.types.is_list(column.type):
            column = pc.binary_join(column, ",")
        return column.combine_chunks().view(pa.int64()) if pa.types.is_float64(column.type) else column
    keys = pa.table([key(c) for c in table.columns], table.column_names)
    return table.take(pc.sort_indices(keys, [(c, "ascending") for c in ["sample_index", *(c for c in keys.column_names if c != "sample_index")]]))


def conflicts(ds):
    """Conflicts without the line of the example: only those know it who read from the start; for others it has an offset."""
    return [{k: v for k, v in c.items() if k not in ("line", "offset")} for c in ds.manifest["conflicts"] or []]


def rejects(ds):
    return [line for f in sorted(ds.run.glob("_rejects/*.jsonl")) for line in f.read_text().splitlines()]


def same_rejects(check, what, one, other):
    """The same lines for the same reasons. Where the line was is said by the line where reading began at the start, else by the offset."""
    texts = [[json.loads(line) for line in rejects(ds)] for ds in (one, other)]
    places = ("line", "offset")
    bare = [[{k: v for k, v in r.items() if k not in places} for r in t] for t in texts]
    check.expect(bare[0] == bare[1], f"{what}: rejects differ: {len(bare[0])} and {len(bare[1])}, first {next((p for p in zip(*bare) if p[0] != p[1]), None)}")


def balance(check, what, ds, n):
    """records = rows + rejected, in manifest, shards and sets, and the smaller make up the larger; shares of the shards."""
    counts = lambda m: [m["records"], m["rows"], m["rejected"]]
    folder = lambda name: {f.name.split(".")[0]: json.loads(f.read_text()) for f in sorted(ds.run.glob(f"{name}/*.json"))}
    whole, shards, sets = counts(ds.manifest), folder("_shards"), folder("_parts")
    check.expect(list(shards) == [f"{i:05d}" for i in range(n)], f"{what}: shards {list(shards)[:5]}… for {n}")
    for m in (ds.manifest, *shards.values(), *sets.values()):
        check.expect(m["records"] == m["rows"] + m["rejected"], f"{what}: records {m['records']}, rows {m['rows']}, rejected {m['rejected']}")
    sums = lambda ms: [sum(column) for column in zip([0, 0, 0], *map(counts, ms))]
    check.expect(sums(shards.values()) == whole, f"{what}: shards sum up to {sums(shards.values())}, not {whole}")
    for name, shard in shards.items():
        of = [s for key, s in sets.items() if key.startswith(name + "-")]
        check.expect(sums(of) == counts(shard), f"{what}: sets of shard {name} sum up to {sums(of)}, not {counts(shard)}")
    check.expect(len(rejects(ds)) == whole[2], f"{what}: {len(rejects(ds))} lines are set aside, and {whole[2]} counted")
    return [s["records"] for s in shards.values()]


def same_data(check, what, one, many, n):
    for table in one.tables:
        check.expect(one.tables[table]["columns"] == many.tables[table]["columns"], f"{what}: {table}: other columns in the manifest")
        listed = [str(p) for p, _ in many.files(table)]
        check.expect(listed == in_order(listed), f"{what}: {table}: the manifest has files out of order")
        x, y = read(one, table), read(many, table)
        if x is None or y is None:
            check.expect(x is None and y is None, f"{what}: {table} has files in one only")
            continue
        if table == "carriers":
            x, y = sorted_rows(x), sorted_rows(y)
        found = unequal(x, y)
        check.expect(found == [], f"{what}: {table}: {len(x)} and {len(y)} rows, columns that differ: {found}")
    for key in ("samples", "records", "rows", "rejected", "groups", "inputs"):
        check.expect(one.manifest.get(key) == many.manifest.get(key), f"{what}: {key}: {one.manifest.get(key)} and {many.manifest.get(key)}")
    check.expect(conflicts(one) == conflicts(many), f"{what}: conflicts: {[c for c in zip(conflicts(one), conflicts(many)) if c[0] != c[1]][:2]}, {len(conflicts(one))} and {len(conflicts(many))}")
    same_rejects(check, what, one, many)
    return balance(check, what, many, n)


# Inputs

def text_of(path):
    data = path.read_bytes()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def spoiled(text, every):
    """The text with a line that is no record before every so many records: too few columns, and a POS that is no number, in turn."""
    header, lines = header_and_lines(text)
    out = [header]
    for i, line in enumerate(lines):
        if i % every == every // 2:
            out.append(b"22\tbroken\n" if i // every % 2 else line.replace(b"\t", b"\tx", 1))
        out.append(line)
    return b"".join(out)


def decoys():
    """A BGZF of stored blocks, so that their text stands in the file as it is, and in the text what looks like blocks: whole ones, and heads that lead to where the next true block begins."""
    head = b"##fileformat=VCFv4.2\n##contig=<ID=1>\n##INFO=<ID=T,Number=1,Type=String,Description=\"bytes\">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    fine = lambda raw: not set(raw) & set(b"\t\n\r;=")
    inner = next(b for size in range(20, 200) for b in [block(b"1 " * size, 0)] if fine(b))
    packed = [block(head, 0)]
    for i in range(60):
        before, after = b"1\t%d\t.\tA\tC\t.\t.\tT=" % (i * 10 + 1), b"\n1\t%d\t.\tG\tT\t.\t.\tT=%d\n" % (i * 10 + 5, i)
        if i % 3:
            raw = (END if fine(END) else inner) * (i % 3) + inner
        else:  # a head alone, whose length leads over the end of its own block to the next
            fake = lambda size: struct.pack("<4BI2BH2BHH", 31, 139, 8, 4, 0, 0, 255, 6, 66, 67, 2, size)
            length = len(block(before + fake(0) + after, 0))
            at = length - 8 - len(after) - len(fake(0))
            raw = fake(length - at - 1)
            raw = raw if fine(raw) else inner
        packed.append(block(before + raw + after, 0))
    return b"".join(packed) + END


def deep(samples, records, contigs):
    """A VCF with numbers of every kind: depths, qualities and floats, missing ones among them; contigs return."""
    rng, out = random.Random(6), ["##fileformat=VCFv4.3"]
    out += [f"##contig=<ID={c}>" for c in contigs]
    out += ['##INFO=<ID=X,Number=.,Type=Float,Description="">', '##FORMAT=<ID=GT,Number=1,Type=String,Description="">', '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="">',
            '##FORMAT=<ID=GQ,Number=1,Type=Integer,Description="">', '##FORMAT=<ID=GL,Number=G,Type=Float,Description="">', '##FORMAT=<ID=HQ,Number=1,Type=Float,Description="">']
    out.append("\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *(f"s{i}" for i in range(samples))]))
    number = lambda: rng.choice([".", "nan", "-0.0", "inf", f"{rng.uniform(-9, 9):.6g}", f"{rng.uniform(0, 1):.17g}"])
    for i in range(records):
        calls = (f"{rng.choice(['0/0', '0/1', '1|1', '0', './.', '.', '0/2', '1/2'])}:{rng.choice(['.', rng.randrange(1 << rng.randrange(1, 31))])}:{rng.randrange(100)}:"
                 f"{number()},{number()}:{number()}" for _ in range(samples))
        chrom = contigs[i * 2 * len(contigs) // records % len(contigs)]
        out.append("\t".join([chrom, str(100 + i), rng.choice([".", f"rs{i}"]), "A", rng.choice(["C", "C,G", "<DEL>", "*", "CT"]), number().replace("nan", "."), rng.choice([".", "PASS", "q10;s5"]),
                              rng.choice([".", f"X={number()},{number()};U={i}", f"X={number()}"]), "GT:DP:GQ:GL:HQ", *calls]))
    return ("\n".join(out) + "\n").encode()


def inputs(check):
    """(name, arguments, whether the numbers of --full are for it in --part too), made where they are not real."""
    real, made = check.data / "real", check.temp / "inputs"
    made.mkdir()

    def file(name, data):
        path = made / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return path

    small = deep(12, 600, ["1", "chr2", "HLA:3*1", "4"])
    for name in PART if not check.full else [n for n in check.real() if n not in BROKEN]:
        yield name, [real / name], False
    for name, size in PACKED.items():
        yield f"{name} in blocks of {size} bytes", [file(f"packed-{size}.vcf.gz", bgzf(text_of(real / name), size))], False
    yield "cohort with samples and groups", [COHORT, "--samples", SAMPLES, "--group-by", "super_pop"], True
    header, lines = header_and_lines(text_of(COHORT))
    yield "lines longer than a block", [file("long.vcf.gz", bgzf(header + b"".join(lines[:60]), 4000))], True
    header, lines = header_and_lines(small)
    longer = b"".join(b"##contig=<ID=unplaced_%d>\n" % i for i in range(20_000))
    yield "a header longer than blocks", [file("header.vcf.gz", bgzf(header.replace(b"#CHROM", longer + b"#CHROM") + b"".join(lines)))], False
    yield "numbers of all kinds", [file("deep.vcf.gz", bgzf(small, 5000))], True
    yield "blocks that end where lines do", [file("even.vcf.gz", b"".join(blocks(header)) + b"".join(block(line) for line in lines) + END)], True
    yield "blocks of one byte, and without text", [file("bytes.vcf.gz", b"".join(blocks(header)) + b"".join(block(line[i:i + 1]) + block(b"") for line in lines[:6] for i in range(len(line))) + END)], False
    yield "files one after another, with their end markers", [file("joined.vcf.gz", bgzf(header + b"".join(lines[:200]), 900) + bgzf(b"".join(lines[200:]), 700))], False
    yield "no newline at the end", [file("open.vcf.gz", bgzf(small[:-1], 3000))], False
    yield "CRLF", [file("crlf.vcf.gz", bgzf(small.replace(b"\n", b"\r\n"), 999))], False
    yield "blocks in the text of blocks", [file("decoys.vcf.gz", decoys())], True
    yield "rejects", [file("rejects.vcf.gz", bgzf(spoiled(small, 5), 1500)), *QUARANTINE], True
    yield "rejects alone", [file("alone.vcf.gz", bgzf(header + b"1\tbroken\n" * 400, 300)), *QUARANTINE], False
    yield "no records", [file("none.vcf.gz", bgzf(header))], False
    yield "malformed", [file("corrupted.vcf.gz", bgzf(text_of(check.data / "bad/opencb+opencga/variant-test-file-corrupted.vcf"), 500)), *QUARANTINE], False
    yield "gzip", [file("one.vcf.gz", gzip.compress(spoiled(small, 50))), *QUARANTINE], True
    yield "text", [file("one.vcf", spoiled(small, 50)), *QUARANTINE], True
    cuts = [0, 3, 3, 150, 151, 420, 600]
    for i, (a, b) in enumerate(zip(cuts, cuts[1:])):
        part = header + b"".join(lines[a:b])
        file(f"folder/chr{i + 1}.vcf.gz", bgzf(part[:-1] if i % 2 else part, 2000))
        file(f"mix/chr{i + 1}.vcf" + ["", ".gz", ".bgz"][i % 3], [part, gzip.compress(part), bgzf(part, 1000)][i % 3])
    yield "a directory", [made / "folder"], True
    yield "a mix", [made / "mix"], True


def block_count(paths):
    """Blocks of BGZF files, by their own lengths."""
    found = 0
    for path in paths:
        data, at = path.read_bytes(), 0
        while data[at:at + 4] == b"\x1f\x8b\x08\x04":
            at += struct.unpack_from("<H", data, at + 16)[0] + 1
            found += 1
    return found


def files_of(path):
    return sorted(path.iterdir()) if path.is_dir() else [path]


# What is checked

def any_number(check):
    rng, place = random.Random(7), Disk(check.temp / "any")
    print(f"{'records':>8} {'blocks':>7} {'s':>5}  shards that have records, of N; input")
    for name, args, all_numbers in inputs(check):
        if check.only not in name:
            continue
        started, flags = time.monotonic(), [*args, *ALL_TABLES, "--part-size", "64KiB"]
        try:
            one = check.export(*flags)
        except Refused as e:
            check.expect(False, f"{name}: one process refuses it: {e}")
            continue
        restored = check.run("restore", one.root).stdout
        n_blocks = block_count(files_of(args[0]))
        numbers = NUMBERS + [n_blocks + 5] * (n_blocks < (1000 if check.full else 100))
        if not (check.full or all_numbers):
            numbers = rng.sample(numbers[1:], 2)
        busy = []
        for n in numbers:
            out, what = place.uri(f"{one.root.name}-{n}"), f"{name}: {n} shards"
            told = run_shards(check, flags, out, n, rng.sample(range(n), n))
            wrong = {i: t for i, t in told.items() if t[0] != 0}
            if not check.expect(not wrong, f"{what}: {len(wrong)} of them fail, first {next(iter(wrong.items()), '')}"):
                continue
            whole = sum(not re.fullmatch(r"shard \d+ of \d+: [\d,]+ records?, [\d,]+ rows?, [\d,]+ rejected; \d+ of \d+ shards? (are|is) done", t[1]) for t in told.values())
            check.expect(1 <= whole <= 2, f"{what}: {whole} say that all is done")  # two that end together may both see the whole
            if not check.expect((out / "_current.json").exists(), f"{what}: all exit 0, and nothing is visible"):
                continue
            many = Dataset(out)
            records = same_data(check, what, one, many, n)
            busy.append(f"{sum(r > 0 for r in records)}/{n}")
            verified, again = check.run("verify", out), check.run("restore", out)
            check.expect(verified.returncode == 0, f"{what}: verify: {verified.stderr} {verified.stdout[:400]}")
            check.expect(again.returncode == 0 and again.stdout == restored, f"{what}: restore writes another VCF: {again.stderr}")
            if name.startswith("cohort") and n in (2, 3, 7):
                check.expect(max(records) <= 1.5 * sum(records) / n, f"{what}: slices of {records} records are not about equal")
            many.discard()
        print(f"{one.manifest['records']:8} {n_blocks:7} {time.monotonic() - started:5.1f}  {' '.join(busy)}  {name}", flush=True)
        one.discard()


def orders(check):
    """Whatever the order, all at once too, the bytes are the same; a shard that is run again, before and after the commit, changes nothing."""
    rng, place, n = random.Random(8), Disk(check.temp / "orders"), 5
    args = [check.temp / "inputs" / "rejects.vcf.gz", *QUARANTINE, *ALL_TABLES, "--part-size", "64KiB"]
    whole = None
    for i, (order, at_once) in enumerate([(range(n), 1), (reversed(range(n)), 1), (rng.sample(range(n), n), 2), (range(n), n)] + [(rng.sample(range(n), n), n)] * (10 if check.full else 2)):
        told = run_shards(check, args, place.uri(str(i)), n, order, at_once)
        check.expect(all(t[0] == 0 for t in told.values()), f"order {i}: {told}")
        found = contents(place, str(i))
        whole = whole or found
        check.expect(found == whole and "_current.json" in found, f"order {i}: {differ(found, whole)[:3]} differ")
    name = "twice"
    for i in range(n):
        first = ended(start(check, [*args, *sharded(n, i)], place.uri(name)))
        before = place.stamps(name)
        again = ended(start(check, [*args, *sharded(n, i)], place.uri(name)))
        after = place.stamps(name)
        check.expect(first[0] == again[0] == 0 and before == after, f"shard {i} twice: {first} {again}: {differ(before, after)[:3]} changed")
        check.expect(("_current.json" in after) == (i == n - 1), f"shard {i}: visible after {i + 1} of {n} shards: {'_current.json' in after}")
    check.expect(contents(place, name) == whole, f"each shard twice: {differ(contents(place, name), whole)[:3]} differ")
    for i in range(n):
        before, again = place.stamps(name), ended(start(check, [*args, *sharded(n, i)], place.uri(name)))
        check.expect(again[0] == 0 and again[1].startswith("already done") and before == place.stamps(name), f"shard {i} after the commit: {again}")
    index = ended(start(check, [*args, "--shards", n], place.uri("index"), {"AWS_BATCH_JOB_ARRAY_INDEX": "3"}))
    same = ended(start(check, [*args, *sharded(n, 3)], place.uri("index")))
    check.expect(index[0] == same[0] == 0 and [k for k in place.stamps("index") if "_shards/" in k and k.endswith("00003.json")], f"the index of Batch: {index}")
    print(f"orders: {i + 1} shards, {len(whole)} files, the same bytes in every order")


def wrong_use(check):
    ds, index = check.export(COHORT).root, "AWS_BATCH_JOB_ARRAY_INDEX"
    cases = [  # arguments, index of the environment, words that must be said
        (["--shard", "1"], None, ["--shards"]), ([], "0", ["array", "--shards"]), ([], "3", ["array", "--shards"]), (["--shards", "3", "--shard", "3"], None, ["--shard"]), (["--shards", "3", "--shard", "-1"], None, ["--shard"]),
        (["--shards", "3"], None, ["--shard", index]), (["--shards", "3"], "3", ["3 of 3"]), (["--shards", "3"], "one", [index]), (["--shards", "0", "--shard", "0"], None, ["--shards"]),
        (["--shards", "-2", "--shard", "0"], None, ["--shards"]), (["--shards", "x", "--shard", "0"], None, ["--shards"]), (["--shards", "3", "--shard", "x"], None, ["--shard"]),
    ]
    cases = [(COHORT, *c) for c in cases] + [("-", ["--shards", "2", "--shard", "0"], None, ["once"]), (ds, ["--shards", "2", "--shard", "0"], None, ["dataset"])]
    refused = 0
    for i, (source, args, env, words) in enumerate(cases):
        out = check.temp / f"wrong-{i}"
        p = check.run("export", source, *args, "--out", out, stdin=COHORT if source == "-" else None, env={index: env} if env is not None else None)
        what = f"{source} {' '.join(args)} {index}={env}"
        refused += check.expect(p.returncode == 2 and len(p.stderr.splitlines()) == 1 and all(re.search(w, p.stderr) for w in words), f"{what}: exit {p.returncode}: {p.stderr}")
        check.expect(not p.stdout and not out.exists(), f"{what}: something is written")
    print(f"wrong use: {refused} of {len(cases)} refused")


def changed(check):
    """An input that changes between two children: the second names it, and nothing becomes visible."""
    header, lines = header_and_lines(deep(6, 300, ["1", "2"]))
    texts = [header + b"".join(lines[i::3]) for i in range(3)]
    places = [("disk", Disk(check.temp / "changed"), None)]
    if ENDPOINT:
        s3 = S3()
        places.append(("S3", s3, s3.bucket))
    for where, place, bucket in places:
        def put(name, data):
            if bucket:
                return bucket.put(name, data)
            path = check.temp / "changed-in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            return path
        for i, what in enumerate(["other content", "other content of the same length", "another file", "a file less"]):
            folder = f"in-{i}"
            paths = [put(f"{folder}/chr{j + 1}.vcf.gz", bgzf(t, 800)) for j, t in enumerate(texts)]
            source = f"{bucket.uri}/{folder}/" if bucket else paths[0].parent
            args, name = [source, "--part-size", "64KiB"], f"out-{i}"
            first = ended(start(check, [*args, *sharded(3, 0)], place.uri(name)))
            before, culprit = place.stamps(name), "chr2.vcf.gz"
            if what == "another file":
                culprit = "chr22.vcf.gz"
                put(f"{folder}/{culprit}", bgzf(texts[0], 800))
            elif what == "a file less":
                bucket.delete(f"{folder}/{culprit}") if bucket else paths[1].unlink()
            else:
                data = bgzf(texts[1], 800)
                put(f"{folder}/{culprit}", data + END if what == "other content" else bgzf(texts[1].replace(b"\tPASS\t", b"\tFAIL\t"), 800, 1)[:len(data)].ljust(len(data), b"\0"))
            second = ended(start(check, [*args, *sharded(3, 1)], place.uri(name)))
            check.expect(first[0] == 0 and second[0] == 1 and culprit in second[2] and len(second[2].splitlines()) == 1, f"{where}, {what}: {first}, then {second}")
            check.expect("_current.json" not in place.stamps(name) and before == place.stamps(name), f"{where}, {what}: something is written")
            print(f"{where}, {what}: {second[2]}".replace(str(check.temp), ""))
        if bucket:
            bucket.remove()
    if not ENDPOINT:
        print("changed in S3: left out: AWS_ENDPOINT_URL_S3 is not set")


def overhead(check):
    """CPU of four shards, one after another, beside that of one process."""
    vcf, (header, lines) = check.temp / "repeated.vcf.gz", header_and_lines(text_of(COHORT))
    vcf.write_bytes(b"".join(blocks(header)) + b"".join(blocks(b"".join(lines))) * (1250 if check.full else 625) + END)  # half a minute of CPU, or half of that: in little work what a shard costs once weighs too much
    args, place = [vcf, "--samples", SAMPLES], Disk(check.temp / "overhead")

    def cpu(n, out):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        told = run_shards(check, args, place.uri(out), n, at_once=1) if n > 1 else {0: ended(start(check, args, place.uri(out)))}
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        check.expect(all(t[0] == 0 for t in told.values()), f"overhead: {told}")
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    rounds = [(cpu(1, f"one-{i}"), cpu(4, f"four-{i}")) for i in range(3)]  # in turn, lest a busy minute be in one column only
    ratio = statistics.median(four / one for one, four in rounds)
    print(f"overhead: four shards take {ratio:.3f} times the CPU of one process: " + ", ".join(f"{four:.1f} and {one:.1f} s" for one, four in rounds))
    check.expect(ratio <= 1.1, f"overhead: {ratio:.3f} times the CPU of one process: {rounds}")


def main():
    check = Check(__doc__)
    any_number(check)
    if not check.only:
        orders(check)
        wrong_use(check)
        changed(check)
        overhead(check)
    check.finish()


if __name__ == "__main__":
    main()
