"""Looking at the whole house: the live page, and the checks that the books agree."""
