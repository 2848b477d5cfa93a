// SPDX-License-Identifier: MIT
/*
 * verbs.h - one function a verb, each with main's arguments from its own name
 * on, each returning the process's exit status.
 */
#ifndef AHA_CLI_VERBS_H
#define AHA_CLI_VERBS_H

int predict_main(int argc, char **argv);
int inspect_main(int argc, char **argv);
int evaluate_main(int argc, char **argv);
int bench_main(int argc, char **argv);
int health_main(int argc, char **argv);
int version_main(int argc, char **argv);

#endif
