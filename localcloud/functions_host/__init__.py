"""The Functions host of the local cloud: runs the function app as Azure Functions would, on one port."""
