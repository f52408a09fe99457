package com.cloudbees.groovy.cps

/** Marks what Jenkins runs without its CPS transformation, which this harness has not got at all. */
@interface NonCPS {
}
