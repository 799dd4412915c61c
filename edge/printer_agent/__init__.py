"""The printer agent: tickets, receipts and claim slips on paper, and the truth about what became of them."""
