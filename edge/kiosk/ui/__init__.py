"""The kiosk's window: draws `Kiosk` values, turns touches into events, and decides nothing."""
