#!/usr/bin/env node
import { main } from '../dist/npm/ecpctl.js';

process.exitCode = await main(process);
