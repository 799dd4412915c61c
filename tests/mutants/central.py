"""Central: the door; what devices tell, and their leases; entries; places, orders and books; who may."""

from tests.mutants import Edit, Mutant, one

FACTS = ("tests/central/devices/test_facts.py",)
AUTHORITY = "tests/central/devices/test_authority.py"
EARLIER = "tests/central/devices/test_earlier_ids.py"
WEBHOOKS = "tests/central/organisation/test_webhooks.py"
ERASING = "tests/central/organisation/test_erasing.py"
DOOR = ("tests/central/kernel/test_door.py",)
HOLDS = ("tests/central/inventory/test_holds.py",)
PRICES = ("tests/central/pricing/test_reads.py",)
SELLING = ("tests/central/orders/test_selling.py",)

KERNEL = (
    one("door-commit", "a command is answered although its commit failed", "central/kernel/sqlite_writer.py",
        "            db.commit()\n        except Exception:\n            with suppress(*BROKEN):\n",
        "            try:\n                db.commit()\n            except Exception:\n                db.rollback()\n"
        "        except Exception:\n            with suppress(*BROKEN):\n", "tests/central/test_disk_full.py", *DOOR),
    one("door-again", "a command that is given again gets no answer of the first time", "central/kernel/door.py",
        "if given is None or not self._gave(read, job, given):", "if True:", *DOOR),
    one("door-anybodys", "whoever knows a command's id gets the answer to it", "central/kernel/door.py",
        "return given.actor == job.actor.label and job.proves_who", "return job.proves_who",
        "tests/central/test_repeats.py"),
    one("door-nobodys", "whoever is not signed in gets the answer to another stranger's command",
        "central/kernel/door.py", "job.actor.label and job.proves_who and", "job.actor.label and",
        "tests/central/test_repeats.py"),
    one("door-refusal", "what a refused command wrote stays", "central/kernel/door.py",
        "db.undo()  # a refusal after a write leaves no trace", "db.release()", *DOOR),
    one("door-dry", "a dry run is done", "central/kernel/door.py",
        "            db.undo()\n            return replace(reply, would=", "            db.release()\n"
        "            return replace(reply, would=", *DOOR),
    one("door-anywhere", "a right that is held somewhere holds everywhere", "central/kernel/tx.py",
        "return any((node, context_id) in grants for context_id in path for node in held)",
        "return self.may_somewhere(privilege)", *DOOR),
    one("chain-checkpoint", "what was told to be signed stays unsigned", "central/kernel/chain.py",
        "if not seq or known:", "if True:", "tests/central/kernel/test_chain.py"),
    one("feed-again", "a row that is told again keeps its old revision: no device hears of it",
        "central/kernel/traces.py", "DO UPDATE SET revision = excluded.revision, body = excluded.body",
        "DO UPDATE SET body = excluded.body", *DOOR),
)  # fmt: skip

_TAKE_BACK = """    from central.devices import leases
    for lease in tx.find(leases.LeaseRecord, "WHERE state IN ('active', 'draining') ORDER BY id"):
        if WHEN:
            leases.write_off_lease(tx, leases.WriteOffLease(lease.id, "its time is over"))
"""
_BATCH = "    mark = arrive(tx, device, (fact.seq for fact in want.facts))\n"

DEVICES = (
    one("lease-timer", "a lease is taken back five minutes after it was given", "central/devices/facts.py", _BATCH,
        _TAKE_BACK.replace("WHEN", "(tx.now - lease.issued).total_seconds() > 300") + _BATCH, *FACTS),
    one("lease-until", "a lease is taken back when its sale ends: what was sold offline is sold twice",
        "central/devices/facts.py", _BATCH, _TAKE_BACK.replace("WHEN", "tx.now >= lease.sell_until") + _BATCH, *FACTS),
    one("lease-map", "sealing a lease frees what its map says is sold", "central/devices/leases.py",
        "if slot.slot not in said.sold and slot.state is Slot.FREE:", "if slot.state is Slot.FREE:", *FACTS),
    one("lease-clash", "a slot is said to be unsold that was sold, and nobody is told", "central/devices/leases.py",
        "    if slot.state is Slot.SOLD:\n        report(", "    if slot.state is Slot.SOLD:\n        (lambda *_: 0)(",
        *FACTS),
    one("lease-clash-freed", "a slot that was sold is freed by its device's word", "central/devices/leases.py",
        "    if slot.state is Slot.SOLD:\n", "    if False:\n", *FACTS),
    one("lease-revoked", "a revoked device is given a lease", "central/devices/leases.py",
        "device is None or device.state is not DeviceState.ACTIVE or not", "device is None or not", *FACTS),
    one("lease-others", "a device gives back another's places", "central/devices/leases.py",
        'if not read.one("SELECT 1 FROM lease WHERE id = :id AND device_id = :device", id=lease_id, device=device.id):',
        "if False:", *FACTS, AUTHORITY),
    one("lease-reserve", "kiosks are given the last places of the house", "central/devices/leases.py",
        "spare = there - -(-there * RESERVE_PERCENT // 100)", "spare = there", *FACTS),
    one("lease-most", "a device may hoard places", "central/devices/leases.py",
        "if wanted < 1 or out + wanted > MOST_OUT:", "if wanted < 1:", *FACTS),
    one("fact-clone", "a fact is known by its number: what a cloned device sold under it is dropped",
        "central/devices/facts.py", "    known = tx.get(FactRecord, record_id)\n",
        '    told = tx.find(FactRecord, "WHERE device_id = :d AND seq = :s", d=device.id, s=fact.seq)\n'
        "    known = told[0] if told else None\n",
        *FACTS),
    one("fact-fork", "a forked journal is not noticed", "central/devices/facts.py", "    if broken:\n",
        "    if False:\n", *FACTS),
    one("fact-revoked", "a revoked device's facts have their effect", "central/devices/facts.py",
        "if device.state is not DeviceState.ACTIVE:", "if False:", *FACTS),
    one("fact-altered", "a fact that was altered has its effect", "central/devices/facts.py",
        "elif fact_hash(fact) != fact.hash:", "elif False:", *FACTS),
    one("fact-unsigned", "an upload counts whoever signed it", "central/devices/facts.py",
        "or len(want.facts) > BATCH_FACTS or not _signed(device, want):", "or len(want.facts) > BATCH_FACTS:", *FACTS),
    one("fact-others", "a device uploads another's facts as its own", "central/devices/facts.py",
        "if any(fact.device_id != device.id for fact in want.facts):", "if False:", *FACTS),
    one("fact-kind", "a gate tells of a sale", "shared/rules/authority.py",
        "return bool(RIGHTS[kind] & TELLS[fact])", "return True", AUTHORITY),
    one("sale-performance", "a lease sells places of another performance", "central/devices/sales.py",
        "if record and record.performance_id != sale.performance_id:", "if False:", AUTHORITY),
    one("sale-clash", "a slot is sold twice, and nobody is told", "central/devices/sales.py",
        "    elif slot.state is Slot.SOLD:\n        flag(", "    elif slot.state is Slot.SOLD:\n        (lambda _: 0)(",
        *FACTS),
    one("sale-twin", "the sale of a cloned kiosk is dropped, and its money", "central/devices/sales.py",
        'sale = replace(sale, order_id=derived_id("twin", sale.order_id, fact_hash))', "return", *FACTS),
    one("sale-token", "a barcode that its device did not sign is kept as genuine", "central/devices/sales.py",
        "        and said.signed_by(key)\n", "", *FACTS, AUTHORITY),
    one("sale-below", "a price below nothing is booked", "central/devices/sales.py", "if line.price < 0:",
        "if False:", *FACTS, "tests/central/devices/test_hostile_devices.py"),
    one("scan-first", "the scan that arrives first counts", "central/access/ops.py",
        'AND entry = :entry {_ORDER}"', 'AND entry = :entry ORDER BY rowid"', *FACTS),
    one("scan-last", "the latest scan counts", "central/access/ops.py",
        'AND entry = :entry {_ORDER}"', 'AND entry = :entry ORDER BY at DESC, id"', *FACTS),
    one("scan-elsewhere", "a gate lets in at another site", "central/devices/facts.py",
        "if performance and not controls(tx, device, performance):", "if False:", AUTHORITY),
    one("scan-site", "a scan at another site uses an entry of a ticket that is sold later", "central/access/ops.py",
        "(f.site_id <> scan.site_id OR scan.performance_id NOT IN ('', f.id))", "scan.performance_id NOT IN ('', f.id)",
        AUTHORITY),
    one("scan-anybodys", "an entry vanishes whose scan's id another gate used before", "central/access/ops.py",
        'return derived_id("scan", device_id, told)', "return told", EARLIER),
    one("scan-feed", "a gate is told of its own scan under an id that it does not know", "central/access/ops.py",
        "scan.at, scan.gate, scan.told_id)", "scan.at, scan.gate, scan.id)", EARLIER),
    one("payment-anybodys", "money is not booked whose id another kiosk used before", "central/devices/sales.py",
        "if known[0] == device.id:", "if known:", EARLIER),
    Mutant("scan-passage", "any gate says that nobody went through another", (
        Edit("central/access/ops.py", "AND p.device_id = scan.device_id ", ""),
        Edit("central/access/ops.py", "if scan and scan.device_id == device_id and scan.admitted and scan.entry:",
             "if scan and scan.admitted and scan.entry:"),
    ), FACTS),
    one("scan-unknown", "an unknown ticket is let in, and nobody is told", "central/access/ops.py",
        "    if first is None:\n        if shown:", "    if True:\n        if shown:", *FACTS),
)  # fmt: skip

SALE = (
    one("hold-end", "a hold is sold at the moment at which it is over", "central/inventory/holds.py",
        "or hold.until <= read.now:", "or hold.until < read.now:", *HOLDS),
    one("hold-latest", "a hold is renewed for ever", "central/inventory/holds.py",
        "until = max(hold.until, min(hold.latest, tx.now + timedelta(minutes=minutes)))",
        "until = max(hold.until, tx.now + timedelta(minutes=minutes))", *HOLDS),
    one("hold-blocked", "a blocked seat goes into a cart", "central/inventory/shop.py",
        "    if place.blocked:\n", "    if False:\n", *HOLDS),
    one("counted-blocked", "counted places that are blocked are sold", "central/inventory/places.py",
        "AND taken + blocked + :n <= capacity", "AND taken + :n <= capacity", *HOLDS, *SELLING),
    one("counted-full", "one counted place more than there are", "central/inventory/places.py",
        "AND taken + blocked + :n <= capacity", "AND taken + blocked + :n <= capacity + 1", *HOLDS, *SELLING),
    one("limit-more", "one place more than an order's limit", "central/inventory/limits.py",
        "(held and now > limit.most)", "(held and now > limit.most + 1)", "tests/central/inventory/test_limits.py"),
    one("order-short", "an order is sold for less than it costs", "central/orders/ops.py",
        "if total != want.amount:", "if total < want.amount:", *SELLING),
    one("order-both", "a seat is sold to who wanted a counted place as well", "central/orders/ops.py",
        "if wanted.seat_id and wanted.gauge_id:", "if False:", *SELLING),
    one("order-proof", "a gate asks for no proof of a reduced tariff that was sold over the counter",
        "central/orders/ops.py", "wanted.tariff_id in shop.proofs)", "False)", *SELLING),
    one("reissue-proof", "the duplicate of a reduced ticket asks for no proof", "central/orders/ops.py",
        "Id(performance), zones, entries, proof)", "Id(performance), zones, entries, False)", *SELLING),
    one("order-unpaid", "an order that costs something is sold unpaid", "central/orders/ops.py",
        "if total and want.method is PaymentMethod.NONE:", "if False:", *SELLING),
    one("order-channel", "a contingent is sold on a channel that it is not for", "central/inventory/shop.py",
        "return _barred(read, shop, place.contingent_id) or place", "return place", *SELLING),
    one("order-grid", "a place costs what it costs in another grid", "central/pricing/reads.py",
        "r.grid_id = g.id AND r.tariff_id IN", "r.tariff_id IN", *PRICES),
    one("sale-price", "a device asks for another price than the grid's, and nobody is told", "central/devices/sales.py",
        "listed.value != line.price", "listed.value < line.price", *FACTS),
    one("lease-dearest", "what a lost lease may cost is told at its lowest", "central/devices/leases.py",
        "max(asked_for(prices, category_id), default=0)", "min(asked_for(prices, category_id), default=0)", *FACTS),
    one("books-turned", "money that came in is booked as money that went out", "central/ledger/ops.py",
        'sides += [(account_id(context_id, kind, currency), customers, amount, "payment")',
        'sides += [(customers, account_id(context_id, kind, currency), amount, "payment")', *SELLING),
)  # fmt: skip

PEOPLE = (
    one("counted-by-name", "who is genuine waits for what is tried in their name", "central/web/entrance.py",
        "if known := await _known(request):", "if False:", "tests/central/web/test_entrance.py"),
    one("webhook-now", "what its operator may not read any more is sent", "central/organisation/posting.py",
        "if not telling.still_told(read, webhook, delivery):", "if False:", WEBHOOKS),
    one("webhook-shown", "what its operator may not read any more is shown on its page",
        "central/organisation/webhook_pages.py", "if mine and still_told(read, webhook, each)", "if mine", WEBHOOKS),
    one("webhook-over", "who takes a webhook over has what it told to another", "central/organisation/webhooks.py",
        "        _forget_told(tx, before.id)\n        tx.update(", "        tx.update(", WEBHOOKS),
    one("webhook-gone", "what is gone by now is told to anybody", "central/organisation/telling.py",
        "return shown and (then is None or _theirs(", "return shown or (then is None or _theirs(", WEBHOOKS),
    one("webhook-above", "what goes with the context above it is told to nobody", "central/kernel/gone.py",
        'else was(read, "context", at)', "else None", WEBHOOKS, "tests/central/kernel/test_gone.py"),
    one("webhook-hand", "what was to be sent by hand goes on waiting when its webhook is taken over",
        "central/organisation/webhooks.py", "hand=by_hand(webhook_id),", "hand=webhook_id,", WEBHOOKS),
    one("webhook-resend", "what may not be sent is put into the queue", "central/organisation/telling.py",
        "if not still_told(tx, webhook, delivery):", "if False:", WEBHOOKS),
    one("erased-perimeter", "what narrowed the forgotten stays", "central/organisation/erasing.py",
        "(Letter, Role, Grant, Perimeter)", "(Letter, Role, Grant)", ERASING),
    one("erased-factor", "the second factor of the forgotten stays", "central/organisation/erasing.py",
        'totp="", totp_step=0, ', "", ERASING),
    one("erased-codes", "the codes on paper of the forgotten stay", "central/organisation/erasing.py",
        ", recovery=())", ")", ERASING),
    one("webhook-failing", "a receiver that nobody spoke to counts as failing", "central/organisation/posting.py",
        "if webhook and webhook.active and not want.withheld:", "if webhook and webhook.active:", WEBHOOKS),
    one("code-again", "a telephone's code opens twice", "central/organisation/second_factor.py",
        "next((step for step in right if step > used), None)", "next(iter(right), None)",
        "tests/central/organisation/test_second_factor.py"),
    one("code-recovery", "a code on paper opens again and again", "central/organisation/sessions.py",
        "left = tuple(each for each in operator.recovery if each != want.recovery)", "left = operator.recovery",
        "tests/central/organisation/test_second_factor.py"),
)  # fmt: skip

CENTRAL: tuple[Mutant, ...] = (*KERNEL, *DEVICES, *SALE, *PEOPLE)
