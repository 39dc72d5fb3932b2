"""Values for answers: things that pass or fail the conditions of an entry, always the same ones."""

import datetime
import json
from urllib.parse import quote

from fixture_wire import EACH, MEMBER, Wrong, reach, text

BASE = datetime.datetime(2024, 3, 1, 12, 0, 0, tzinfo=datetime.UTC)
ACCOUNT = "123456789012"
STATEMENT = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]})
EXTRA_SCALARS = 3


def holds(condition, values):
    """Whether one of `values` passes a condition; the reading of `Condition` in the catalog."""
    present = [v for v in values if v is not None and text(v) != ""]
    outcome = True
    if condition.get("exists") is not None:
        outcome &= bool(present) == condition["exists"]
    tests = {
        "equals": lambda v, want: v == want,
        "in": lambda v, want: v in want,
        "prefix": lambda v, want: v.startswith(want),
        "suffix": lambda v, want: v.endswith(want),
        "contains": lambda v, want: want in v,
    }
    asked = {key: want for key, want in condition.items() if key in tests}
    if asked:
        words = [text(v) for v in present if not isinstance(v, (dict, list))]
        words += [text(one) for v in present if isinstance(v, list) for one in v if not isinstance(one, (dict, list))]
        outcome &= any(all(tests[key](word, want) for key, want in asked.items()) for word in words)
    return outcome != condition.get("not", False)


def _candidates(condition, seed):
    """Values that a condition might be met by."""
    out = []
    if "equals" in condition:
        out.append(condition["equals"])
    out += condition.get("in", [])
    if "prefix" in condition:
        out.append(condition["prefix"] + seed)
    if "suffix" in condition:
        out.append(seed + condition["suffix"])
    if "contains" in condition:
        out.append(f"{seed}{condition['contains']}{seed}")
    return out


def cast(shape, value):
    """Text as a value of the shape's type."""
    kind = shape.type_name
    if value is None:
        return None
    if kind == "boolean":
        return value if isinstance(value, bool) else value == "true"
    if kind in ("integer", "long"):
        return int(value) if str(value).lstrip("-").isdigit() else 7
    if kind in ("float", "double"):
        return 7.5
    if kind == "timestamp":
        return BASE
    if kind == "blob":
        return text(value).encode()
    if kind == "list":
        return [cast(shape.member, value)]
    if kind == "map":
        return {"key": cast(shape.value, value)}
    if kind == "structure":
        return {name: cast(member, value) for name, member in list(shape.members.items())[:1]}
    return str(value)


def scalar(shape, name, number, service):
    """An ordinary value for a member."""
    kind = shape.type_name
    if kind == "string" and shape.enum:
        return shape.enum[0]
    if kind == "timestamp":
        return BASE + datetime.timedelta(hours=number)
    if kind in ("integer", "long"):
        return 10 + number
    if kind in ("float", "double"):
        return 10.5 + number
    if kind == "boolean":
        return number % 2 == 1
    if kind == "string":
        word = name[0].lower() + name[1:]
        if name.lower().endswith("arn"):
            kind = word[:-3] or "thing"
            return f"arn:aws:{service}:eu-west-1:{ACCOUNT}:{kind}/{kind}-{number}"
        if name.lower().endswith("region"):
            return "eu-west-1" if number % 2 else "eu-central-1"
        return f"{word}-{number}"
    return cast(shape, f"{name}-{number}")


def choose(conditions, shape, seed, failing, name, service, number):
    """A value of one path that passes the conditions, or fails `failing` and, where it can, only that."""
    if shape.type_name in ("structure", "list", "map"):
        tries = [cast(shape, seed)]
    else:
        tries = [scalar(shape, name, number, service)]
    for condition in conditions:
        tries += [cast(shape, v) for v in _candidates(condition, seed)]
    if shape.type_name == "string":
        tries += list(shape.enum or [])
    if shape.type_name == "boolean":
        tries += [True, False]
    tries += [cast(shape, seed), None]
    outcomes = [[holds(c, [] if v is None else [v]) for c in conditions] for v in tries]
    want = [c is not failing for c in conditions]
    for value, outcome in zip(tries, outcomes, strict=True):
        if outcome == want:
            return value
    for value, outcome in zip(tries, outcomes, strict=True):
        if failing is not None and any(c is failing and not o for c, o in zip(conditions, outcome, strict=True)):
            return value
    raise Wrong(f"no value of {name} can make the conditions {conditions} come out as {want}")


def put(target, steps, value):
    """Sets a value at model steps, with one element in each list on the way."""
    for index, step in enumerate(steps):
        last = index + 1 == len(steps)
        if step[0] == EACH:
            if not target:
                target.append(None)
            if last:
                target[0] = value
                return
            if target[0] is None:
                target[0] = [] if steps[index + 1][0] == EACH else {}
            target = target[0]
            continue
        if last:
            if value is None:
                target.pop(step[1], None)
            else:
                target[step[1]] = value
            return
        target = target.setdefault(step[1], [] if steps[index + 1][0] == EACH else {})


def thing(shape, paths, conditions, failing, number, service, documents):
    """One thing: `paths` are (steps, shape, name) to fill; `failing` the condition not to pass."""
    by_path = {}
    for condition, steps, leaf in conditions:
        by_path.setdefault(tuple(steps), (leaf, []))[1].append(condition)
    values = {}
    for steps, leaf, name in paths:
        if tuple(steps) not in by_path:
            value = scalar(leaf, name, number, service)
            if tuple(steps) in documents:
                value = quote(POLICY) if service == "iam" else POLICY
                value = cast(leaf, value)
            values[tuple(steps)] = value
    for steps, (leaf, group) in by_path.items():
        name = next((s[1] for s in reversed(steps) if s[0] == MEMBER), "item")
        values[steps] = choose(
            group,
            leaf,
            f"{name}-{number}",
            failing if any(c is failing for c in group) else None,
            name,
            service,
            number,
        )
    if () in values and shape.type_name != "structure":
        return values[()]
    made = {}
    if shape.type_name == "structure":
        extra = 0
        for name, member in shape.members.items():
            wanted = name in shape.required_members or extra < EXTRA_SCALARS
            plain = member.type_name not in ("structure", "list", "map", "blob")
            at_body = member.serialization.get("location") is None
            if wanted and plain and at_body and ((MEMBER, name),) not in by_path:
                made[name] = scalar(member, name, number, service)
                extra += 1
    for steps, value in values.items():
        if steps:
            put(made, list(steps), value)
    return made


def place(root_steps, things):
    """An answer that holds `things` where the steps lead: pairs share an outer list's element."""
    each = [index for index, step in enumerate(root_steps) if step[0] == EACH]
    if not each:
        made = {}
        if not root_steps:
            return things[0]
        put(made, root_steps, things[0])
        return made
    inner = root_steps[each[-1] + 1 :]
    wrapped = things
    if inner:
        wrapped = []
        for one in things:
            box = {}
            put(box, inner, one)
            wrapped.append(box)
    steps = root_steps[: each[-1]]
    outer = [index for index in each[:-1]]
    if not outer:
        made = {}
        put(made, steps, wrapped)
        return made
    groups = [wrapped[i : i + 2] for i in range(0, len(wrapped), 2)]
    tail = root_steps[outer[-1] + 1 : each[-1]]
    boxes = []
    for group in groups:
        box = {}
        put(box, tail, group)
        boxes.append(box)
    return place(root_steps[: outer[-1] + 1], boxes)


def ids(parsed, root_steps, id_steps, own, condition_steps, parent):
    """What botocore's parser found: each thing's id, and whether it is the customer's own."""
    out = []
    for one in reach(parsed, root_steps):
        found = reach(one, id_steps) if id_steps is not None else [parent]
        if not found:
            continue
        passes = all(holds(c, reach(one, condition_steps[id(c)][0])) for c in own)
        out.append((text(found[0]), passes, one))
    return out
