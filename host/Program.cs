using Larder.Functions.Hosting;
using Larder.Grpc;
using Larder.Host.Configuration;
using Larder.Host.Hosting;
using Microsoft.Extensions.Hosting;

StartupErrors.PrintWhenUnhandled();
if (HostCommandLine.Answers(args))
    return 0;
if (await HealthCheck.RunAsync(args, "/readyz", AppContext.BaseDirectory) is { } exitCode)
    return exitCode;

var builder = new SelfHostBuilder(args, new SelfHostOptions
{
    FunctionAssembly = typeof(LarderServices).Assembly,
    FormerNames = RenamedFunctions.FormerNames,
    AsksForCredentials = LarderServices.AsksForCredentials,
    Grpc = new GrpcServices(GrpcApplication.Add, GrpcApplication.Map),
    HelpPath = "/help",
    WriteRefusal = LarderServices.WriteRefusalAsync,
});
builder.AddLarder();

await builder.Build().RunAsync();
return 0;
