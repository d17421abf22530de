/** What AssemblyScript calls a place or a size in memory, for layout.ts, which both languages compile. */
declare type usize = number;
