using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Larder.Bench;

// In process: a project made by the tool would inherit this repository's build rules, and build all of it again for every benchmark.
var job = Job.Default
    .WithToolchain(InProcessEmitToolchain.Instance)
    .WithGcServer(true)
    .WithLaunchCount(1)
    .WithWarmupCount(4)
    .WithIterationCount(12);
var config = ManualConfig.CreateEmpty()
    .AddJob(job)
    .AddLogger(ConsoleLogger.Default)
    .AddColumnProvider(DefaultColumnProviders.Instance)
    .AddColumn(CategoriesColumn.Default, StatisticColumn.Min)
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddExporter(MarkdownExporter.GitHub)
    .AddLogicalGroupRules(BenchmarkLogicalGroupRule.ByCategory)
    .HideColumns(Column.Job, Column.Toolchain, Column.Gen0, Column.Gen1, Column.Gen2, Column.Error);

BenchmarkSwitcher.FromTypes([typeof(PredictionBenchmarks), typeof(BatchingBenchmarks), typeof(CacheBenchmarks)]).Run(args, config);
