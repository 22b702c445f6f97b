"""One module per trigger: translate the trigger in, the result out."""
