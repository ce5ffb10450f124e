using Larder.Functions;
using Larder.Host;
using Microsoft.Extensions.Hosting;

StartupErrors.PrintWhenUnhandled();

var builder = new SelfHostBuilder(args, new SelfHostOptions
{
    FunctionAssembly = typeof(LarderServices).Assembly,
    FormerNames = new Dictionary<string, string>
    {
        ["IngestUpload"] = "IngestUploadByPolling",
        ["ScoreDroppedFile"] = "ScoreDroppedFileByPolling",
    },
});
builder.AddLarder();

builder.Build().Run();
