"""One module per service; SDK objects, JSON and HTTP stop here."""
