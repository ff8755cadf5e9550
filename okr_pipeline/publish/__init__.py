"""What leaves the house: page, tables and terminal, each drawn from one `Report` alone."""
