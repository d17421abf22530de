// Stands in for the prompt that opens an editor, in the agent's bundle: nothing asks it, and its tables of character
// sets are a fifth of the script.
export default () => Promise.reject(new Error('this program opens no editor'));
