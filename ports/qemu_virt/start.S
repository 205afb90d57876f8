/* Reset. QEMU's virt machine with flash unit 0 and -bios none starts here, in
 * machine mode. Interrupts stay off. */
    .section .text.start, "ax"
    .globl _start
_start:
    csrw  mie, zero
    csrci mstatus, 8
    csrr  t0, mhartid
    bnez  t0, park
    .option push
    .option norelax
    la    gp, __global_pointer$
    .option pop
    la    t0, trap_entry
    csrw  mtvec, t0
    la    sp, __stack_top
    la    tp, __tls_base            /* picolibc's errno is thread-local */

    la    a0, __data_start          /* initialized data: flash to RAM */
    la    a1, __data_end
    la    a2, __data_load
1:  bgeu  a0, a1, 2f
    lw    t0, 0(a2)
    sw    t0, 0(a0)
    addi  a0, a0, 4
    addi  a2, a2, 4
    j     1b
2:  la    a0, __zero_start          /* thread-locals and .bss */
    la    a1, __zero_end
3:  bgeu  a0, a1, 4f
    sw    zero, 0(a0)
    addi  a0, a0, 4
    j     3b
4:  call  board_protect
    call  board_main
    call  board_exit                /* with what main returned */
park:
    wfi
    j     park

/* A trap ends the program: there is no handler that could go on. */
    .align 4
trap_entry:
    la    sp, __trap_stack_top
    csrr  a0, mcause
    csrr  a1, mepc
    csrr  a2, mtval
    call  board_trap
    j     park
