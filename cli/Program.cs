using Larder.Cli.Running;

using var interruption = new Interruption();
return await LarderCommand.RunAsync(args, interruption);
