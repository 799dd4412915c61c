"""What every area stands on: entities, the database, the door, audit, outbox, loops. It knows no area."""
