"""The complete dibao rule in DuckDB (SQL), Polars (expressions) and OpenFisca-core (vectorised formulas).

Usage: peers.py FOLDER PEER. Reads the Parquet files of FOLDER into memory, runs the rule three times, prints the
shortest time in seconds, and writes FOLDER/PEER.bin: per household a little-endian int64, conclusion * 10**12 + 分.
They compute in binary floating point, as users of these tools do.
"""

import sys
import time

import numpy as np

# Parameters of 410325 on 2026-07-01; lines in 分.
CITY, RURAL, DAY = 68000.0, 50000.0, 20260701

ITEMS = """
    greatest(0.0, CASE WHEN kind = 5 THEN 0 ELSE
        CASE WHEN crop IS NOT NULL THEN crop_count * CASE crop WHEN 0 THEN 40000.0 WHEN 1 THEN 35000.0 ELSE 150000.0 END
             ELSE amount END END - coalesce(deduction, 0)) / months
"""

SQL = f"""
WITH line AS (SELECT household, CASE WHEN place = 0 THEN {CITY} ELSE {RURAL} END AS line FROM households),
item AS (SELECT member, kind, ({ITEMS})::DOUBLE AS monthly FROM incomes),
income AS (
    SELECT member, sum(monthly) AS total, sum(CASE WHEN kind = 0 THEN monthly ELSE 0 END) AS wages
    FROM item GROUP BY member
),
person AS (
    SELECT household, relation, labour, work,
        floor(({DAY} - born) / 10000.0) AS age,
        (relation < 2 OR (relation = 2 AND (dependent = 1 OR schooling IN (1, 2)
            OR floor(({DAY} - born) / 10000.0) < 18)) OR together = 1)
        AND (excluded = 0 OR coalesce(excluded_until <= {DAY}, false)) AS counts,
        disability IN (1, 2) OR (disability = 3 AND mental = 1) AS severe,
        illness = 1 AS ill,
        greatest(0, deposits - coalesce(exempt, 0))::DOUBLE AS deposits,
        greatest(0.0, coalesce(total, 0) - least(coalesce(wages, 0) * 0.2, coalesce(wages, 0))) AS income
    FROM members LEFT JOIN income USING (member)
),
family AS (
    SELECT household,
        count(*) FILTER (counts) AS people,
        coalesce(sum(income) FILTER (counts), 0) AS income,
        coalesce(sum(deposits) FILTER (counts), 0) AS deposits,
        coalesce(bool_or(labour = 0) FILTER (counts), false) AS labour,
        coalesce(bool_or(labour = 0 AND work <> 3) FILTER (counts), false) AS busy,
        coalesce(bool_or(relation = 1), false) AS spouse,
        coalesce(bool_or(relation = 2 AND age < 18) FILTER (counts), false) AS minor_child
    FROM person GROUP BY household
),
uplift AS (
    SELECT household, sum(greatest(
        CASE WHEN age >= 70 THEN 0.2 ELSE 0 END, CASE WHEN age < 18 THEN 0.1 ELSE 0 END,
        CASE WHEN severe THEN 0.3 ELSE 0 END, CASE WHEN ill THEN 0.3 ELSE 0 END,
        CASE WHEN NOT f.labour OR NOT f.busy THEN 0.2 ELSE 0 END,
        CASE WHEN NOT spouse AND minor_child THEN 0.1 ELSE 0 END)) AS share
    FROM person JOIN family f USING (household) WHERE counts GROUP BY household
),
cost AS (SELECT household, sum(CASE WHEN receipt = 1 THEN amount::DOUBLE / months ELSE 0 END) AS cost FROM costs GROUP BY household),
owed AS (
    SELECT household, sum(CASE WHEN excused <> 0 OR unpaid = 1 THEN 0 WHEN ground <> 2 THEN coalesce(agreed, 0)
        ELSE greatest(0.0, income::DOUBLE / people - line * 2) * people * 0.3 / sides END) AS owed
    FROM supporters JOIN line USING (household) GROUP BY household
),
house AS (SELECT household, count(*) FILTER (purpose = 0 AND exempt IS NULL) AS houses,
    bool_or(purpose = 1 AND exempt IS NULL) AS shop FROM houses GROUP BY household),
car AS (SELECT household, bool_or(kind <> 0 AND exempt IS NULL) AS car FROM vehicles GROUP BY household),
trade AS (SELECT household, bool_or(running = 1 OR capital > 0) AS trade FROM businesses GROUP BY household),
means AS (
    SELECT household, line, people,
        greatest(0.0, f.income + coalesce(owed, 0) - coalesce(cost, 0)) AS income,
        deposits <= line * 24 * people AND coalesce(houses, 0) <= 1 AND NOT coalesce(shop, false)
            AND NOT coalesce(car, false) AND NOT coalesce(trade, false) AS assets,
        coalesce(share, 0) AS share
    FROM line JOIN family f USING (household) LEFT JOIN uplift USING (household) LEFT JOIN cost USING (household)
        LEFT JOIN owed USING (household) LEFT JOIN house USING (household) LEFT JOIN car USING (household)
        LEFT JOIN trade USING (household)
)
SELECT household,
    CASE WHEN NOT assets THEN 0 WHEN income < line * people THEN 1 WHEN income < line * people * 1.5 THEN 3 ELSE 4 END AS conclusion,
    CASE WHEN assets AND income < line * people
        THEN round(line * people - income) + round(line * share) ELSE 0 END AS fen
FROM means
"""

TABLES = ["households", "members", "incomes", "costs", "supporters", "houses", "vehicles", "businesses"]


def best(run):
    shortest, result = None, None
    for _ in range(3):
        begun = time.perf_counter()
        result = run()
        took = time.perf_counter() - begun
        shortest = took if shortest is None else min(shortest, took)
    return shortest, result


def duckdb_rule(folder):
    import duckdb

    con = duckdb.connect()
    for table in TABLES:
        con.execute(f"CREATE TABLE {table} AS SELECT * FROM read_parquet('{folder}/{table}.parquet')")

    def run():
        con.execute("CREATE OR REPLACE TABLE verdict AS " + SQL)

    took, _ = best(run)
    rows = con.execute("SELECT conclusion, fen FROM verdict ORDER BY household").fetchnumpy()
    return took, rows["conclusion"], rows["fen"]


def polars_rule(folder):
    import polars as pl

    t = {table: pl.read_parquet(f"{folder}/{table}.parquet") for table in TABLES}
    c = pl.col
    no = lambda x: x.fill_null(False)

    def run():
        lazy = {name: frame.lazy() for name, frame in t.items()}
        crop = pl.when(c("crop") == 0).then(40000.0).when(c("crop") == 1).then(35000.0).otherwise(150000.0)
        gross = pl.when(c("crop").is_not_null()).then(c("crop_count") * crop).otherwise(c("amount").cast(pl.Float64))
        taken = pl.when(c("kind") == 5).then(0.0).otherwise(gross)
        monthly = pl.max_horizontal(pl.lit(0.0), taken - c("deduction").fill_null(0)) / c("months")
        income = (
            lazy["incomes"].select("member", "kind", monthly=monthly).group_by("member")
            .agg(total=c("monthly").sum(), wages=c("monthly").filter(c("kind") == 0).sum())
        )
        age = (DAY - c("born")) // 10000
        child = (c("relation") == 2) & ((c("dependent") == 1) | c("schooling").is_in([1, 2]) | (age < 18))
        counts = ((c("relation") < 2) | child | (c("together") == 1)) & (
            (c("excluded") == 0) | no(c("excluded_until") <= DAY)
        )
        wages = c("wages").fill_null(0.0)
        person = (
            lazy["members"].join(income, on="member", how="left").with_columns(age=age, counts=counts)
            .select(
                "household", "relation", "labour", "work", "age", "counts",
                severe=c("disability").is_in([1, 2]) | ((c("disability") == 3) & (c("mental") == 1)),
                ill=c("illness") == 1,
                deposits=pl.max_horizontal(pl.lit(0), c("deposits") - c("exempt").fill_null(0)).cast(pl.Float64),
                income=pl.max_horizontal(
                    pl.lit(0.0), c("total").fill_null(0.0) - pl.min_horizontal(wages * 0.2, wages)
                ),
            )
        )
        counted = c("counts")
        family = person.group_by("household").agg(
            people=counted.sum(), income=c("income").filter(counted).sum(), deposits=c("deposits").filter(counted).sum(),
            labour_any=((c("labour") == 0) & counted).any(), busy=((c("labour") == 0) & (c("work") != 3) & counted).any(),
            spouse=(c("relation") == 1).any(), minor_child=((c("relation") == 2) & (c("age") < 18) & counted).any(),
        )
        part = lambda condition, share: pl.when(condition).then(share).otherwise(0.0)
        uplift = (
            person.filter(counted).join(family, on="household").with_columns(share=pl.max_horizontal(
                part(c("age") >= 70, 0.2), part(c("age") < 18, 0.1), part(c("severe"), 0.3), part(c("ill"), 0.3),
                part(~c("labour_any") | ~c("busy"), 0.2), part(~c("spouse") & c("minor_child"), 0.1)))
            .group_by("household").agg(c("share").sum())
        )
        line = lazy["households"].select("household", line=pl.when(c("place") == 0).then(CITY).otherwise(RURAL))
        cost = lazy["costs"].group_by("household").agg(cost=(c("amount") / c("months")).filter(c("receipt") == 1).sum())
        above = pl.max_horizontal(pl.lit(0.0), c("income") / c("people") - c("line") * 2) * c("people") * 0.3 / c("sides")
        due = (
            pl.when((c("excused") != 0) | (c("unpaid") == 1)).then(0.0)
            .when(c("ground") != 2).then(c("agreed").fill_null(0).cast(pl.Float64)).otherwise(above)
        )
        owed = lazy["supporters"].join(line, on="household").group_by("household").agg(owed=due.sum())
        house = lazy["houses"].group_by("household").agg(
            houses=((c("purpose") == 0) & c("exempt").is_null()).sum(), shop=((c("purpose") == 1) & c("exempt").is_null()).any())
        car = lazy["vehicles"].group_by("household").agg(car=((c("kind") != 0) & c("exempt").is_null()).any())
        trade = lazy["businesses"].group_by("household").agg(trade=((c("running") == 1) | (c("capital") > 0)).any())
        means = line.join(family, on="household")
        for other in (uplift, cost, owed, house, car, trade):
            means = means.join(other, on="household", how="left")
        means = means.with_columns(
            means=pl.max_horizontal(pl.lit(0.0), c("income") + c("owed").fill_null(0.0) - c("cost").fill_null(0.0)),
            most=c("line") * c("people"),
            assets=(c("deposits") <= c("line") * 24 * c("people")) & (c("houses").fill_null(0) <= 1)
            & ~no(c("shop")) & ~no(c("car")) & ~no(c("trade")),
        )
        low = c("means") < c("most")
        return means.select(
            "household",
            conclusion=pl.when(~c("assets")).then(0).when(low).then(1).when(c("means") < c("most") * 1.5).then(3).otherwise(4),
            fen=pl.when(c("assets") & low)
            .then((c("most") - c("means")).round() + (c("line") * c("share").fill_null(0.0)).round()).otherwise(0.0),
        ).collect()

    took, rows = best(run)
    rows = rows.sort("household")
    return took, rows["conclusion"].to_numpy(), rows["fen"].to_numpy()


def openfisca_rule(folder):
    """Members are persons; what a member or household has at most twice stands in numbered variables, in 元."""
    import pyarrow.parquet as pq
    from openfisca_core import entities, periods, taxbenefitsystems, variables
    from openfisca_core.simulations import SimulationBuilder

    t = {table: pq.read_table(f"{folder}/{table}.parquet") for table in TABLES}
    col = lambda table, name, fill=0: t[table][name].fill_null(fill).to_numpy()
    households, members = len(t["households"]), len(t["members"])
    Member = entities.SingleEntity("member", "members", "", "")
    Household = entities.GroupEntity("household", "households", "", "", roles=[{"key": "part", "plural": "parts"}])
    system = taxbenefitsystems.TaxBenefitSystem([Household, Member])
    month = periods.DateUnit.MONTH
    inputs = {}

    def given(name, entity, values, kind=float):
        system.add_variable(type(name, (variables.Variable,), {
            "value_type": kind, "entity": entity, "definition_period": month, "label": name}))
        inputs[name] = values

    def computed(name, entity, formula, kind=float):
        system.add_variable(type(name, (variables.Variable,), {
            "value_type": kind, "entity": entity, "definition_period": month, "label": name, "formula": formula}))

    def spread(table, owners, count, at_most, columns):
        """Rows of owners into numbered columns of at most so many."""
        owner = col(table, owners)
        first = np.searchsorted(owner, owner)
        rank = np.arange(len(owner)) - first
        found = {}
        for place in range(at_most):
            rows = rank == place
            for name, values in columns.items():
                whole = np.zeros(count, dtype=np.float64)
                whole[owner[rows]] = values[rows]
                found[f"{name}_{place}"] = whole
        return found

    for name in ["relation", "schooling", "excluded", "disability", "labour", "work"]:
        given(name, Member, col("members", name), int)
    for name in ["together", "dependent", "mental", "illness"]:
        given(name, Member, col("members", name).astype(bool), bool)
    given("excluded_until", Member, col("members", "excluded_until", 99999999), int)
    given("born", Member, col("members", "born"), int)
    for name in ["deposits", "exempt"]:
        given(name, Member, col("members", name) / 100)
    items = spread("incomes", "member", members, 2, {
        "kind": col("incomes", "kind"), "amount": col("incomes", "amount") / 100, "months": col("incomes", "months"),
        "crop": col("incomes", "crop", -1) + 1, "crop_count": col("incomes", "crop_count"),
        "deduction": col("incomes", "deduction") / 100})
    for name, values in items.items():
        given(name, Member, np.where(values == 0, 1, values) if name.startswith("months") else values)
    given("place", Household, col("households", "place"), int)
    sparse = [
        ("costs", 1, {"cost": col("costs", "amount") / 100, "cost_months": col("costs", "months"),
                      "receipt": col("costs", "receipt")}),
        ("supporters", 1, {
            "excused": col("supporters", "excused"), "unpaid": col("supporters", "unpaid"),
            "ground": col("supporters", "ground"),
            "agreed": col("supporters", "agreed") / 100, "others": col("supporters", "people"),
            "others_income": col("supporters", "income") / 100, "sides": col("supporters", "sides")}),
        ("houses", 2, {"house": col("houses", "purpose") + 1, "house_exempt": col("houses", "exempt")}),
        ("vehicles", 1, {"vehicle": col("vehicles", "kind") + 1, "vehicle_exempt": col("vehicles", "exempt")}),
        ("businesses", 1, {"running": col("businesses", "running"), "capital": col("businesses", "capital")}),
    ]
    for table, at_most, columns in sparse:
        for name, values in spread(table, "household", households, at_most, columns).items():
            given(name, Household, values)

    computed("age", Member, lambda m, p: (DAY - m("born", p)) // 10000, int)

    def counts(m, p):
        child = (m("relation", p) == 2) * (
            m("dependent", p) + (m("schooling", p) == 1) + (m("schooling", p) == 2) + (m("age", p) < 18))
        at_home = (m("relation", p) < 2) + child + m("together", p)
        return at_home * ((m("excluded", p) == 0) + (m("excluded_until", p) <= DAY))

    def income(m, p):
        total, wages = 0, 0
        for i in (0, 1):
            crop = m(f"crop_{i}", p)
            yields = np.select([crop == 1, crop == 2, crop == 3], [400.0, 350.0, 1500.0], 0.0)
            gross = np.where(crop > 0, m(f"crop_count_{i}", p) * yields, m(f"amount_{i}", p))
            taken = np.where(m(f"kind_{i}", p) == 5, 0, gross)
            monthly = np.maximum(0, taken - m(f"deduction_{i}", p)) / m(f"months_{i}", p)
            total, wages = total + monthly, wages + np.where(m(f"kind_{i}", p) == 0, monthly, 0)
        return np.maximum(0, total - np.minimum(wages * 0.2, wages))

    computed("counts", Member, counts, bool)
    computed("income", Member, income)
    computed("line", Household, lambda h, p: np.where(h("place", p) == 0, CITY / 100, RURAL / 100))
    computed("size", Household, lambda h, p: h.sum(h.members("counts", p)))

    def owed(h, p):
        above = np.maximum(0, h("others_income_0", p) - h("line", p) * 2 * h("others_0", p))
        by_rule = above * 0.3 / np.maximum(1, h("sides_0", p))
        return np.where((h("excused_0", p) > 0) + (h("unpaid_0", p) > 0), 0, np.where(h("ground_0", p) == 2, by_rule, h("agreed_0", p)))

    def means(h, p):
        own = h.sum(h.members("income", p) * h.members("counts", p))
        cost = np.where(h("receipt_0", p) == 1, h("cost_0", p) / np.maximum(1, h("cost_months_0", p)), 0)
        return np.maximum(0, own + owed(h, p) - cost)

    def assets(h, p):
        savings = h.sum(np.maximum(0, h.members("deposits", p) - h.members("exempt", p)) * h.members("counts", p))
        shop = lambda i: (h(f"house_{i}", p) == 2) * (h(f"house_exempt_{i}", p) == 0)
        home = lambda i: ((h(f"house_{i}", p) == 1) * (h(f"house_exempt_{i}", p) == 0)).astype(int)
        car = (h("vehicle_0", p) > 1) * (h("vehicle_exempt_0", p) == 0)
        bad = shop(0) + shop(1) + car + (h("running_0", p) == 1) + (h("capital_0", p) > 0)
        return (savings <= h("line", p) * 24 * h("size", p)) * (home(0) + home(1) <= 1) * ~bad

    def uplift(h, p):
        m, counted = h.members, h.members("counts", p)
        able = (m("labour", p) == 0) * counted
        labour, busy = h.any(able), h.any(able * (m("work", p) != 3))
        single = ~h.any(m("relation", p) == 1) * h.any((m("relation", p) == 2) * (m("age", p) < 18) * counted)
        family = np.maximum(np.where(labour * busy, 0, 0.2), np.where(single, 0.1, 0))
        severe = (m("disability", p) == 1) + (m("disability", p) == 2) + (m("disability", p) == 3) * m("mental", p)
        own = np.maximum(np.where(severe + m("illness", p), 0.3, 0), np.where(m("age", p) >= 70, 0.2, 0))
        own = np.maximum(np.maximum(own, np.where(m("age", p) < 18, 0.1, 0)), h.project(family))
        return h.sum(own * counted)

    computed("means", Household, means)
    computed("assets", Household, assets, bool)
    computed("uplift", Household, uplift)

    def conclusion(h, p):
        most = h("line", p) * h("size", p)
        return np.select([~h("assets", p), h("means", p) < most, h("means", p) < most * 1.5], [0, 1, 3], 4)

    def grant(h, p):
        most = h("line", p) * h("size", p)
        given = np.round(most - h("means", p), 2) + np.round(h("line", p) * h("uplift", p), 2)
        return np.where(h("conclusion", p) == 1, given, 0)

    computed("conclusion", Household, conclusion, int)
    computed("grant", Household, grant)
    owner = col("members", "household")

    def fresh():
        builder = SimulationBuilder()
        builder.create_entities(system)
        builder.declare_person_entity("member", np.arange(members))
        place = builder.declare_entity("household", np.arange(households))
        builder.join_with_persons(place, owner, np.repeat("part", members))
        simulation = builder.build(system)
        for name, values in inputs.items():
            simulation.set_input(name, "2026-07", values)
        return simulation

    shortest = None
    for _ in range(2):
        simulation = fresh()
        begun = time.perf_counter()
        verdicts = simulation.calculate("conclusion", "2026-07"), simulation.calculate("grant", "2026-07")
        took = time.perf_counter() - begun
        shortest = took if shortest is None else min(shortest, took)
    return shortest, verdicts[0], verdicts[1] * 100


def main():
    folder, peer = sys.argv[1:]
    took, conclusions, fen = {"duckdb": duckdb_rule, "polars": polars_rule, "openfisca": openfisca_rule}[peer](folder)
    rows = conclusions.astype(np.int64) * 10**12 + np.rint(fen.astype(np.float64)).astype(np.int64)
    rows.astype("<i8").tofile(f"{folder}/{peer}.bin")
    print(took)


if __name__ == "__main__":
    main()
