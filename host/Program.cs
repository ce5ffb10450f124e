using Larder.Functions.Hosting;
using Larder.Grpc;
using Larder.Host.Configuration;
using Larder.Host.Hosting;
using Microsoft.Extensions.Hosting;

StartupErrors.PrintWhenUnhandled();
if (HostCommandLine.Answers(args))
    return;

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

builder.Build().Run();
