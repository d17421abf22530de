#!/usr/bin/env node
import { main } from '../dist/npm/emqxee-agent.js';

process.exitCode = await main(process);
