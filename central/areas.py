"""Every area of central, in the order in which they may import each other: importing this declares everything."""

import central.access.ops
import central.catalogue.needed
import central.catalogue.ops
import central.devices.enrolment
import central.devices.facts
import central.devices.feeds
import central.devices.hall
import central.devices.leases
import central.devices.needed
import central.devices.orders_to_devices
import central.devices.snapshots
import central.first_run.ops
import central.inventory.audit
import central.inventory.counts
import central.inventory.holds
import central.inventory.carry_over
import central.inventory.contingents
import central.inventory.needed
import central.inventory.ops
import central.inventory.plan_actions
import central.inventory.plan_pictures
import central.inventory.release_rules
import central.ledger.ops
import central.orders.on_sale
import central.orders.ops
import central.organisation.needed
import central.organisation.ops
import central.organisation.posting
import central.pricing.needed
import central.pricing.ops
import central.reports.checks
import central.selling.needed
import central.selling.ops
import central.venues.ops
import central.web.history.log  # noqa: F401
import central.venues.needed
