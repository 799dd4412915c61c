"""What many rows name, and people take away or change by hand, is looked for in an index; so is a device by its key."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.create_index("ix_device_kid", ["kid"], unique=False)

    with op.batch_alter_table("lease", schema=None) as batch_op:
        batch_op.create_index("ix_lease_performance_id", ["performance_id"], unique=False)

    with op.batch_alter_table("performance", schema=None) as batch_op:
        batch_op.create_index("ix_performance_context_id_starts", ["context_id", "starts"], unique=False)
        batch_op.create_index("ix_performance_event_id_starts", ["event_id", "starts"], unique=False)
        batch_op.create_index("ix_performance_logical_configuration_id", ["logical_configuration_id"], unique=False)
        batch_op.create_index("ix_performance_price_grid_id", ["price_grid_id"], unique=False)

    with op.batch_alter_table("price", schema=None) as batch_op:
        batch_op.create_index("ix_price_category_id", ["category_id"], unique=False)
        batch_op.create_index("ix_price_tariff_id", ["tariff_id"], unique=False)

    with op.batch_alter_table("release_firing", schema=None) as batch_op:
        batch_op.create_index("ix_release_firing_to_contingent_id", ["to_contingent_id"], unique=False)
