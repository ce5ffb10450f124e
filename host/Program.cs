using Larder.Functions;
using Larder.Host;
using Microsoft.Extensions.Hosting;

StartupErrors.PrintWhenUnhandled();

var builder = new SelfHostBuilder(args, new SelfHostOptions { FunctionAssembly = typeof(LarderServices).Assembly });
builder.AddLarder();

builder.Build().Run();
