"""Names said in full: an operator's profile, and the address that was typed where somebody came in from. Tries at a
password begin at nothing: what they count on is called otherwise, and they are over within a day.
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE profile RENAME TO operator_profile")
    op.execute("UPDATE found SET entity = 'operator_profile' WHERE entity = 'profile'")
    with op.batch_alter_table("operator_profile", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_profile_code"))
        batch_op.drop_constraint(batch_op.f("uq_profile_context_id_code"), type_="unique")
        batch_op.create_index(batch_op.f("ix_operator_profile_code"), ["code"], unique=False)
        batch_op.create_unique_constraint(batch_op.f("uq_operator_profile_context_id_code"), ["context_id", "code"])
    op.drop_index("ix_sign_in_place_account", table_name="sign_in_place")
    op.execute("ALTER TABLE sign_in_place RENAME COLUMN account TO typed_email")
    op.create_index("ix_sign_in_place_typed_email", "sign_in_place", ["typed_email", "seen"], unique=False)
    op.execute("DELETE FROM sign_in_attempt WHERE subject LIKE 'account:%'")
