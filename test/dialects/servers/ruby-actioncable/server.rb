# Action Cable at /cable, without the rest of Rails. It pings every three seconds, as everywhere.
require "action_cable"
require "puma"
require "puma/configuration"
require "puma/launcher"
require "json"
require "logger"

# What an application has in app/channels.
module ApplicationCable
  class Connection < ActionCable::Connection::Base
  end
end

class ChatChannel < ActionCable::Channel::Base
  def subscribed
    reject if params[:room] == "forbidden"
  end
end

server = ActionCable.server
server.config.logger = Logger.new(File::NULL)
server.config.cable = { "adapter" => "async" }
server.config.connection_class = -> { ApplicationCable::Connection }
# The default of a Rails application.
server.config.allow_same_origin_as_host = true
server.config.mount_path = "/cable"

app = ->(env) { env["PATH_INFO"] == "/cable" ? server.call(env) : [404, {}, ["not here"]] }

Thread.new do
  $stdin.each_line do
    connections = server.connections.dup
    subscriptions = connections.sum { |connection| connection.subscriptions.identifiers.length }
    puts JSON.generate({ clients: connections.length, subscriptions: })
    $stdout.flush
  end
  # It ends with whoever started it.
  exit!
end

configuration = Puma::Configuration.new do |config|
  config.app app
  config.bind "tcp://127.0.0.1:#{ARGV.fetch(0)}?backlog=1024"
  config.threads 4, 4
  config.environment "production"
end
Puma::Launcher.new(configuration, events: Puma::Events.null).run
