"""What a device keeps and does: clock, journal, feeds and snapshots; the gate's lane; the kiosk's leases, sales and
payments; the printer agent."""

from tests.mutants import Edit, Mutant, one

CLOCK = ("tests/edge/device/test_clockwork.py",)
PRESSURE = ("tests/shared/runtime/test_broker_pressure.py",)
JOURNAL = ("tests/shared/runtime/test_journal.py",)
SYNC = ("tests/shared/runtime/test_sync.py",)
LANE = ("tests/edge/gate/test_gate_store.py",)
STOCK = ("tests/edge/kiosk/test_store.py",)
PAID = ("tests/edge/kiosk/test_payment.py",)
LIVES = ("tests/edge/test_device_lives.py",)
PRINT = ("tests/edge/printer_agent/test_print_core.py",)
VAT = ("tests/shared/rules/test_vat.py",)
TOLD = ("tests/edge/kiosk/test_vat_told.py",)

DEVICE = (
    one("device-clock-wall", "a changed wall clock moves a time that is trusted", "shared/clock.py",
        "Now(max(anchor.true + age, floor)", "Now(max(reading.wall, floor)", *CLOCK),
    Mutant("device-clock-floor", "time goes back below the last journal entry", (
        Edit("shared/clock.py", "Now(max(reading.wall, floor)", "Now(reading.wall"),
        Edit("shared/clock.py", "Now(max(anchor.true + age, floor)", "Now(anchor.true + age"),
    ), CLOCK),
    one("device-clock-boot", "an anchor of before a reboot counts on", "shared/clock.py",
        "if anchor is None or anchor.boot_id != reading.boot_id:", "if anchor is None:", *CLOCK),
    one("device-clock-witness", "one wrong answer moves a device that knows better", "edge/device/clockwork.py",
        "if told.mono_ms - first.mono_ms < WITNESS_AFTER // timedelta(milliseconds=1):", "if first is None:", *CLOCK),
    one("device-disk", "a commit is not on the disk when it says so", "shared/runtime/journal.py",
        'db.execute("PRAGMA synchronous = FULL")', 'db.execute("PRAGMA synchronous = OFF")', *JOURNAL),
    one("device-forget", "what central has not taken is forgotten to make room", "shared/runtime/journal.py",
        "DELETE FROM fact WHERE state = 1 AND seq <= ?", "DELETE FROM fact WHERE seq <= ?", *JOURNAL),
    one("device-gaps", "what central wants again is not sent again", "shared/runtime/journal.py",
        "UPDATE fact SET state = 0 WHERE state = 1 AND seq BETWEEN ? AND ?",
        "UPDATE fact SET state = 1 WHERE state = 1 AND seq BETWEEN ? AND ?", *JOURNAL),
    Mutant("device-feed-back", "a page of a feed that is older than what is known, or does not follow, is taken", (
        Edit("shared/runtime/journal.py", "if page.upto < have and not anew:", "if False:"),
        Edit("shared/runtime/journal.py", "if page.after != have and not anew:", "if False:"),
    ), JOURNAL),
    one("device-anew-unasked", "an old page takes a feed back that is well", "shared/runtime/journal.py",
        "anew = page.asked == have > page.upto", "anew = 0 < page.asked and have > page.upto", *JOURNAL),
    one("device-anew-revoked", "a key that is revoked is trusted again by a feed that is read anew",
        "shared/wire/feeds.py", "had is None or had.get", "had is None or not had.get", *JOURNAL),
    one("device-anew-end", "a feed that was read anew is never believed again", "shared/runtime/journal.py",
        "str(asked if page.more else 0)", "str(asked)", *JOURNAL),
    one("device-anew-tickets", "a cancelled ticket is good again by a feed that is read anew", "edge/gate/lists.py",
        "anew=page.asked > 0", "anew=False", *LANE),
    one("device-anew-entries", "an entry is free again by a feed that is read anew", "edge/gate/store.py",
        "if row.body is None and page.asked:", "if False:", *LANE),
    one("device-settle-clone", "a receipt settles numbers that were never sent: a clone's facts pass for one's own",
        "shared/runtime/sync.py", "journal.settle(parsed(Receipt, answer, RECEIPT_BYTES), facts[-1].seq)",
        "journal.settle(parsed(Receipt, answer, RECEIPT_BYTES))", *SYNC),
    one("device-feed-other", "another feed's page is taken for the one that was asked for", "shared/runtime/sync.py",
        "if page.feed != feed:", "if False:", *SYNC),
    one("device-feed-alone", "a feed that central does not bring holds up the others", "shared/runtime/sync.py",
        "                except Unreachable:\n                    self._due.update(due[n:])",
        "                    raise\n                except Unreachable:\n                    self._due.update(due[n:])",
        *SYNC),
    one("device-feed-last", "what is in trouble is asked for before what is well", "shared/runtime/sync.py",
        "return feed in self.trouble, not feed", "return False, not feed", *SYNC),
    one("device-feed-soon", "a feed that central did not bring waits for the next round", "shared/runtime/sync.py",
        "wait = min(wait, next(delays))", "next(delays)", *SYNC),
    one("device-snapshot-back", "a snapshot older than the last one is taken", "shared/wire/snapshots.py",
        "if manifest.version < max(1, last.version if last else 1):", "if False:",
        "tests/shared/runtime/test_snapshot.py"),
    one("device-snapshot-site", "another site's snapshot is taken", "shared/wire/snapshots.py",
        "if manifest.site_id != site_id:", "if False:", "tests/shared/runtime/test_snapshot.py"),
)  # fmt: skip

GATE_STORE = (
    one("lane-used-emptied", "an upload empties the lane's used table", "shared/runtime/journal.py",
        "            if receipt.contiguous > _head(self._db)[0]:",
        """            if tx.run("SELECT 1 FROM sqlite_master WHERE name = 'gate_used'"):
                tx.run("DELETE FROM gate_used WHERE source = 1 AND state > 0")
            if receipt.contiguous > _head(self._db)[0]:""", *LANE),
    Mutant("lane-entry-late", "the barrier opens before the entry is on the disk: it is written with the passage", (
        Edit("edge/gate/store.py",
             "            for one in moved:\n                used_table.add(tx, one)\n            scan =",
             '            self._late = getattr(self, "_late", {})\n            self._late[scan_id] = moved\n'
             "            scan ="),
        Edit("edge/gate/store.py",
             "            for place, number in enumerate(admit.entries or (0,)):",
             '            for one in getattr(self, "_late", {}).pop(answer.scan_id, ()):\n'
             "                used.merge(tx, one)\n"
             "            for place, number in enumerate(admit.entries or (0,)):"),
    ), LANE),
    one("lane-deaf", "what the other lane says of an entry is heard and not kept", "edge/gate/store.py",
        "if not used_table.known(self.journal, moved):", "if False:", *LANE),
    one("lane-forged", "a neighbour's claim counts whoever signed it", "edge/gate/store.py",
        "if not sealed.signed_by(holder.key):", "if False:", *LANE),
    one("lane-revoked", "a claim under a revoked key counts", "edge/gate/store.py",
        "if key is None or key.revoked or not _sane(claim)", "if key is None or not _sane(claim)", *LANE),
    one("lane-other-site", "a gate of another site is heard", "edge/gate/store.py",
        "if not claim.device_id == holder.holder_id == writer or holder.site_id != self.gate.site_id:",
        "if not claim.device_id == holder.holder_id == writer:", *LANE),
    one("lane-recover", "after a crash every open grant is given back, also one that was shown", "edge/gate/store.py",
        "state = State.WENT if grant.scan_id in persons else State.VOID", "state = State.VOID", *LANE),
    one("lane-recover-kept", "after a crash a grant that nobody was shown stays used", "edge/gate/store.py",
        "state = State.WENT if grant.scan_id in persons else State.VOID", "state = State.WENT", *LANE),
    one("lane-void-again", "an entry that was given back comes to life with an old claim", "edge/gate/used_table.py",
        "state = max(state, ?1)", "state = min(state, ?1)", *LANE),
)  # fmt: skip

KIOSK = (
    Mutant("kiosk-sale-torn", "slots are sold in one transaction, the sale is told in another", (
        Edit("edge/kiosk/store.py",
             '            tx.record(FactKind.SALE, sale, now, reading, derived_id("sale", sale.order_id))\n'
             "            tx.run(\n",
             "            tx.run(\n"),
        Edit("edge/kiosk/store.py",
             "        return Ok(sale)\n    except _SlotGone as gone:",
             "        with journal.transaction() as tx:\n"
             '            tx.record(FactKind.SALE, sale, now, reading, derived_id("sale", sale.order_id))\n'
             "        return Ok(sale)\n    except _SlotGone as gone:"),
    ), STOCK),
    one("kiosk-sealed-empty", "the sealed slot map names nothing as sold", "edge/kiosk/store.py",
        "LeaseSealed(lease.id, sold)", "LeaseSealed(lease.id, ())", *STOCK),
    one("kiosk-sealed-cart", "a lease is sealed while one of its places is in a cart", "edge/kiosk/store.py",
        'or any(row["state"] == SlotState.HELD for row in slots):', "or False:", *STOCK),
    one("broker-turns", "at the broker all messages wait in one queue", "shared/runtime/broker.py",
        "self._broadcast_queue = self._turns = MessageTurns()", "self._turns = MessageTurns()",
        "tests/shared/runtime/test_broker_strangers.py"),
    one("broker-ahead", "a line of the broker is read on whatever it has unfinished", "shared/runtime/broker.py",
        "unfinished() > MOST_OF_ONE or ", "", *PRESSURE),
    one("broker-receipts", "a receipt that is owed to the broker costs of a line's pace",
        "shared/runtime/broker_line.py", "free = receipt is not None and self.owed(receipt)", "free = False",
        *PRESSURE),
    one("kiosk-sold-again", "a slot that is sold goes into another cart", "edge/kiosk/store.py",
        "AND state IN (?, ?) RETURNING 1", "AND state IN (?, ?, 'sold') RETURNING 1", *STOCK),
    one("kiosk-stake", "the places of a payment that is not settled are free again", "edge/kiosk/store.py",
        "keep = but | _at_stake(tx)", "keep = but", *STOCK),
    one("kiosk-lease-wakes", "an older word makes a sealed lease active again", "edge/kiosk/store.py",
        "if known[0][0] in OPEN and state is not LeaseState.ACTIVE:", "if True:", *STOCK),
    one("kiosk-lease-others", "another device's lease is sold from", "edge/kiosk/store.py",
        "if lease.device_id != device_id:", "if False:", *STOCK),
    one("kiosk-lease-forged", "a lease counts whoever signed it", "edge/kiosk/store.py",
        "or not sealed.signed_by(certificate.key):", "or False:", *STOCK),
    one("kiosk-returned", "a place in a cart is given back", "edge/kiosk/store.py",
        f"AND state = ? RETURNING 1\",\n{20 * ' '}(SlotState.RETURNED",
        f"AND state IN (?, 'held') RETURNING 1\",\n{20 * ' '}(SlotState.RETURNED", *STOCK),
    one("kiosk-short", "places are sold for less than they cost", "edge/kiosk/store.py",
        "if not paid == draft.amount == sum(place.price for place in draft.places):",
        "if not paid == draft.amount:", *STOCK),
    one("kiosk-lease-end", "a kiosk sells on after its lease's time", "edge/kiosk/selection.py",
        "        and kiosk.now < lease.lease.sell_until\n", "", "tests/edge/kiosk/test_core.py"),
    Mutant("kiosk-sent-late", "the terminal is asked for money before the disk says so", (
        Edit("edge/kiosk/payment.py",
             "                row = self._move(replace(row, before=before), Finding(PaymentDo.SEND))\n"
             "                changed(row)  # on the disk: now bytes may leave\n",
             ""),
        Edit("edge/kiosk/payment.py",
             "                row = self._move(row, judge_answer(row, answer))\n        changed(row)",
             "                row = self._move(replace(row, before=before), Finding(PaymentDo.SEND))\n"
             "                row = self._move(row, judge_answer(row, answer))\n        changed(row)"),
    ), PAID),
    one("kiosk-charged-late", "a terminal charges a declined payment later, and nobody notices",
        "edge/kiosk/payment.py", "if late and late.state is PayState.DECLINED:", "if False:", *PAID),
    one("kiosk-blocked", "a payment begins while an earlier one is not clear", "edge/kiosk/payment.py",
        "blocked = bool(self.unresolved())", "blocked = False", *PAID),
    one("kiosk-free", "what costs nothing is not sold", "shared/rules/pricing.py",
        "if amount is None or amount < 0:", "if not amount or amount < 0:", "tests/shared/rules/test_pricing.py"),
)  # fmt: skip

RULES = "edge/kiosk/payment_rules.py"
PAYMENT = (
    one("payment-guessed", "money of which nobody knows may be taken for paid", RULES,
        "    (PayState.UNKNOWN, PaymentDo.DOUBT): PayState.REVIEW,\n",
        "    (PayState.UNKNOWN, PaymentDo.DOUBT): PayState.REVIEW,\n"
        "    (PayState.UNKNOWN, PaymentDo.CAPTURE): PayState.CAPTURED,\n", *LIVES),
    one("payment-void-unasked", "a payment that is at the terminal may be called given back", RULES,
        "    (PayState.SENT, PaymentDo.DOUBT): PayState.REVIEW,\n",
        "    (PayState.SENT, PaymentDo.DOUBT): PayState.REVIEW,\n"
        "    (PayState.SENT, PaymentDo.VOID): PayState.VOIDED,\n", *LIVES),
    one("payment-amount", "another amount than the price counts as paid", RULES,
        'if reply.amount != row.amount or reply.currency not in ("", row.currency):',
        'if reply.currency not in ("", row.currency):', *PAID),
    one("payment-currency", "another currency counts as paid", RULES,
        'if reply.amount != row.amount or reply.currency not in ("", row.currency):',
        "if reply.amount != row.amount:", *PAID),
    one("payment-stale", "the answer of another payment is taken for this one's", RULES,
        " and (reply.reference == row.payment_id or not is_id(reply.reference))", "", *PAID),
    one("payment-lost", "an answer that cannot be read counts as one that nothing was charged", RULES,
        "Finding(PaymentDo.LOSE, TCode.ANSWER_LOST", "Finding(PaymentDo.DECLINE, TCode.ANSWER_LOST", *PAID),
    one("payment-others", "a charge by hand at the terminal passes for the visitor's", RULES,
        "if exclusive and not is_id(memory.reference):", "if not is_id(memory.reference):", *PAID),
    one("payment-memory", "a memory that cannot be told from the one before proves that nothing was charged", RULES,
        "return memory.result is Result.NOT_DONE or bool(memory.reference or memory.authorisation)", "return True",
        *PAID),
    one("payment-reversed-other", "somebody else's last payment is taken back", RULES,
        "if not ours or memory.result is not Result.DONE:", "if memory.result is not Result.DONE:", *PAID),
    one("payment-reversed-part", "a part that went back counts as all of it", RULES,
        " and _answers(row, answer, Operation.CANCEL) and answer.amount == row.amount",
        " and _answers(row, answer, Operation.CANCEL)", *PAID),
    one("payment-voiding", "the next visitor pays while money is on its way back", RULES,
        "return self.state in (PayState.SENT, PayState.UNKNOWN) or (self.state is PayState.APPROVED and self.voiding)",
        "return self.state in (PayState.SENT, PayState.UNKNOWN)", *PAID),
    one("lane-alarm-grant", "a lane in alarm may be opened for one", "edge/gate/core.py",
        "    (Barrier.ALARM, Cause.ALARM_OFF): Barrier.IDLE,\n",
        "    (Barrier.ALARM, Cause.ALARM_OFF): Barrier.IDLE,\n    (Barrier.ALARM, Cause.GRANT): Barrier.GRANTED,\n",
        *LIVES),
)  # fmt: skip

PRINTER = (
    one("print-no-unasked", "a ticket that waits may be called not printed by a person's word",
        "edge/printer_agent/core.py",
        "    (Q, UnitDo.GIVE_UP): F,\n", "    (Q, UnitDo.GIVE_UP): F,\n    (Q, UnitDo.SAID_NO): F,\n", *LIVES),
    one("print-status", "a ticket counts as printed though the printer says it has no paper",
        "edge/printer_agent/core.py", "if echoed and status in READY:", "if echoed:", *PRINT),
    one("print-echo", "a ticket counts as printed though the printer never echoed it", "edge/printer_agent/core.py",
        "if echoed and status in READY:", "if status in READY:", *PRINT),
)  # fmt: skip

TAX = (
    one("vat-total", "VAT is rounded on the total of what was sold alike", "shared/rules/vat.py",
        "return vat_in(line.amount // line.pieces, line.rate_bp) * line.pieces",
        "return vat_in(line.amount, line.rate_bp)", *VAT),
    one("vat-screen", "the screen works VAT out on the cart's total", "edge/kiosk/ui/screens/summary.py",
        "vat_by_rate(Charged(cost, vat_bp) for cost in costs)", "vat_by_rate([Charged(amount, vat_bp)])", *TOLD),
    one("vat-paper", "the paper works VAT out on what tickets cost together", "edge/printer_agent/layout.py",
        "Charged(line.amount, line.vat_bp, line.quantity)", "Charged(line.amount, line.vat_bp)", *TOLD),
    one("vat-half", "half a cent of VAT is left out", "shared/rules/vat.py",
        "(2 * abs(price) * rate_bp + WHOLE + rate_bp) //", "(2 * abs(price) * rate_bp + WHOLE + rate_bp - 1) //", *VAT),
    one("vat-refund", "a refund gives back another VAT than the sale took", "shared/rules/vat.py",
        "return included if price >= 0 else -included", "return included", *VAT),
)  # fmt: skip

EDGE = (*DEVICE, *GATE_STORE, *KIOSK, *PAYMENT, *PRINTER, *TAX)
