"""Why is the gate closed? What can be learnt of a lab, and which causes it speaks for."""
